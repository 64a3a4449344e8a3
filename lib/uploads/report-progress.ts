import * as v from 'valibot';
import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { Upload } from '../model/upload.ts';
import { type HttpEvent, readJsonBody } from '../runtime/http-event.ts';
import type { Answer } from '../runtime/http-handler.ts';
import { integer } from '../validation/fields.ts';
import { MAX_MEDIA_BYTES } from '../validation/limits.ts';
import { createParser } from '../validation/query.ts';
import { uploadFinished } from './reserve-upload.ts';
import { crc64 } from './upload-query.ts';

/** What is reported about a file while it is sent. */
export const progressReport = v.object({
  size: integer(1, MAX_MEDIA_BYTES),
  sent: integer(0, MAX_MEDIA_BYTES),
  crc64: v.optional(crc64),
});

const parseReport = createParser(progressReport);

/** A request that its caller may make. */
interface ReportCall {
  readonly event: HttpEvent;
  readonly ledger: WithLedger;
}

/** States in which no file is expected, and none is left. */
const ENDED: ReadonlySet<string> = new Set<Upload['state']>([
  'cancelled',
  'deleted',
  'expired',
  'rejected',
]);

/**
 * Records how much of a file was sent, and its checksum. That may be reported after VOD's notification, which is sometimes
 * faster.
 *
 * @param find returns the upload, if the caller may see it.
 * @throws {Problem} `invalid_request`, or `upload_finished` if no file is expected any more.
 */
export async function saveReport(
  { event, ledger }: ReportCall,
  find: () => Promise<Pick<Upload, 'uploadId' | 'state'>>,
): Promise<Answer> {
  const report = parseReport(readJsonBody(event, {}));
  const { uploadId, state } = await find();
  if (ENDED.has(state)) throw uploadFinished(state);
  await ledger(async (each) => (await each.uploadContents()).saveContent(uploadId, report));
  return { status: 204 };
}

/** Returns the percentage of an upload that its client has sent, if that was reported. */
export async function readSent(
  { uploadId }: Pick<Upload, 'uploadId'>,
  ledger: WithLedger,
): Promise<{ readonly progress?: number }> {
  const content = await ledger(async (each) => (await each.uploadContents()).findContent(uploadId));
  if (content === undefined) return {};
  return { progress: Math.min(100, Math.floor((content.sent * 100) / content.size)) };
}
