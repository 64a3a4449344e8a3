import { planEvent } from '../../../lib/ingest/plan-event.ts';
import { receiveEvent } from '../../../lib/ingest/received-event.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { NOWHERE } from '../../support/source-contexts.ts';

export const UPLOAD_ID = '01ARYZ6S410000000000000000';
/** What the source context of {@link UPLOAD_ID} holds. */
export const ENVELOPE = {
  uploadId: UPLOAD_ID,
  owner: 'user-42',
  method: 'client',
  limits: { maxBytes: 20_000, mediaTypes: ['mp4'] },
  mediaExpireTime: 1_800_000_000,
} as const;
/** How the events of the tests are received. */
export const RECEPTION = { ...NOWHERE, receivedAt: 1_000, settings: NO_SETTINGS };

/** Returns what is recorded of the event of this body. */
export function record(
  body: RawEvent,
  confirmed = true,
  proof: { readonly failedPull?: string } = {},
) {
  const received = { ...receiveEvent(parseVodEvent(body), NOWHERE), ...proof };
  return planEvent(received, { ...RECEPTION, confirmed });
}

/** Returns the changes of uploads by the confirmed event of this body. */
export const changesOf = (body: RawEvent) => record(body).changes;

export function arrival(basic: object, fields: object = {}): RawEvent {
  const FileUploadEvent = { FileId: '1', MediaBasicInfo: basic, ...fields };
  return { EventType: 'NewFileUpload', FileUploadEvent };
}

export function pull(fields: object): RawEvent {
  const task = { TaskId: 'p-1', Status: 'FINISH', ErrCode: 0, FileId: '1' };
  return { EventType: 'PullComplete', PullCompleteEvent: { ...task, ...fields } };
}

/** Returns the basic information of a media that was uploaded with this source context. */
export function context(SourceContext: string, SourceType = 'Upload') {
  return { SourceInfo: { SourceType, SourceContext } };
}
