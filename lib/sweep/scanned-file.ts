import { hash } from 'node:crypto';
import type { MediaInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { reportFailedEvent } from '../ingest/failed-event.ts';
import { Problem } from '../problem.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { parseVodEvent } from '../vod/event.ts';
import { canonicalJson, identifyEvent } from '../vod/event-id.ts';
import { failItem } from './fail-item.ts';
import type { StepCounts } from './step-counts.ts';
import type { ApplicationRun } from './sweep-run.ts';

type FileCounts = StepCounts<'setAside'>;

/** Returns the entries of a page that name a file; others become dead items, since VOD cannot be asked about them. */
export async function selectListed(
  page: readonly unknown[],
  run: ApplicationRun,
  counts: FileCounts,
): Promise<readonly MediaInfo[]> {
  const listed = page.filter(isListed);
  if (listed.length === page.length) return listed;
  const error = Object.assign(new Error('VOD lists a media without a usable FileId.'), {
    code: 'no_file_id',
  });
  for (const one of page.filter((each) => !isListed(each))) {
    const content = canonicalJson(one);
    const item = { kind: 'file', id: `sha256:${hash('sha256', content)}`, content } as const;
    await failItem({ ...item, subAppId: run.subAppId }, error, run, counts, 1);
  }
  return listed;
}

/**
 * Postpones a listed file that VOD could not be asked about, so that it does not block others: it is stored like a
 * notification of its arrival that is still to be confirmed.
 *
 * @throws `error` if it is about all files: VOD refuses all calls of this service, or there is no time.
 */
export async function putFileOff(
  { FileId: fileId = '' }: MediaInfo,
  error: unknown,
  run: ApplicationRun,
  counts: FileCounts,
): Promise<void> {
  const raw = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: fileId } };
  if (isItemFault(error)) return reportFailedEvent({ raw, proven: false }, error, run, counts);
  if (!(error instanceof Problem && PUT_OFF.has(error.code))) throw error;
  const {
    subAppId,
    applications: [own],
    ledger,
    clock,
  } = run;
  const eventId = identifyEvent(parseVodEvent(raw), subAppId === own ? undefined : subAppId);
  await ledger.storePendingConfirmation({ eventId, subAppId, raw, receivedAt: clock.now() });
  counts.fail(error);
}

/** VOD has just answered with the list, so if a call about one file fails, the file may be the cause. */
const PUT_OFF: ReadonlySet<string> = new Set(['upstream_failed', 'upstream_timeout']);

function isListed(media: unknown): media is MediaInfo {
  const fileId = isJsonObject(media) ? media['FileId'] : undefined;
  return (
    typeof fileId === 'string' && fileId !== '' && fileId.isWellFormed() && !fileId.includes('\0')
  );
}
