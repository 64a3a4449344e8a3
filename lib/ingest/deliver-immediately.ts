import type { EventRecord } from '../ledger/event-record.ts';
import type { UploadChange } from '../ledger/upload-change.ts';
import { selectTargets } from '../model/event-type.ts';
import { deriveFileUploadId } from '../model/upload-id.ts';
import { Problem } from '../problem.ts';
import { viewUpload } from '../uploads/upload-view.ts';
import { buildUploadMessage, buildVodMessage, type Message } from '../webhooks/message.ts';
import type { Target } from '../webhooks/target.ts';

/** Dependencies of delivering immediately. */
interface HandOnOptions {
  readonly targets: readonly Target[];
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Milliseconds that one target may take; all are told at once. */
  readonly timeLimit: number;
}

/**
 * Tells everybody of `event` who is to be told, and of a file that it has rejected, without keeping anything of it;
 * returns how many messages that were.
 *
 * @throws {Problem} `delivery_failed` where one of them has not been taken: VOD is to send the event again, and those
 * that have taken theirs know it by its id then.
 */
export async function deliverImmediately(
  { eventId, subAppId, payload: raw, confirmed, changes }: EventRecord,
  { targets, receivedAt, timeLimit }: HandOnOptions,
): Promise<number> {
  const unconfirmed = confirmed ? undefined : true;
  const rejected = changes.filter(({ fact }) => fact === 'rejected');
  const messages = [
    buildVodMessage({ eventId, raw, subAppId, receivedAt, unconfirmed }),
    ...rejected.map((change) => buildRejection(change, receivedAt)),
  ];
  const sent = messages.flatMap((message) =>
    selectTargets(targets, message.type).map((target) => target.send(message, timeLimit)),
  );
  const results = await Promise.all(sent);
  const refused = results.filter(({ ok }) => !ok);
  if (refused.length === 0) return results.length;
  const errors = [...new Set(refused.map(({ error = 'unknown' }) => error))].join(', ');
  throw new Problem(
    `${refused.length} of ${results.length} consumers did not take the event (${errors}): send it again.`,
    { code: 'delivery_failed' },
  );
}

/** Of the upload, no more is known than the event says. */
function buildRejection({ key, method, owner, fields }: UploadChange, at: number): Message {
  const uploadId = 'uploadId' in key ? key.uploadId : deriveFileUploadId(key.fileId);
  const upload = { uploadId, method: method ?? 'other', state: 'rejected' } as const;
  const times = { createdAt: at, updatedAt: at };
  return buildUploadMessage(
    viewUpload({ ...upload, ...(owner === undefined ? {} : { owner }), ...fields, ...times }),
  );
}
