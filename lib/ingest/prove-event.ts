import type { Ledger } from '../ledger/ledger.ts';
import type { SourceContext } from '../model/source-context.ts';
import type { Upload } from '../model/upload.ts';
import { UPLOAD_ID } from '../validation/fields.ts';
import { readText } from '../vod/vod-value.ts';
import { type Origin, type ReceivedEvent, receiveEvent } from './received-event.ts';
import { hasFailed } from './upload-changes.ts';

/**
 * Returns `received` with what the ledger alone can prove of it: an envelope without a MAC, and the upload of a pull that
 * failed. Neither is believed of an upload that this service did not begin in that way, in that application.
 */
export async function proveEvent(
  received: ReceivedEvent,
  origin: Origin,
  ledger: Pick<Ledger, 'findUpload'>,
): Promise<ReceivedEvent> {
  const { unproven, envelope, ...rest } = received;
  if (unproven !== undefined && envelope !== undefined) {
    const upload = await ledger.findUpload(envelope.uploadId);
    if (upload !== undefined && isOfEnvelope(upload, envelope, origin)) {
      // Of what nothing proves, no more is believed than has to be.
      return { ...rest, envelope: { ...envelope, limits: upload.limits } };
    }
    const contexts = { ...origin.contexts, acceptsV1: false };
    return receiveEvent(received.event, { ...origin, contexts });
  }
  const claim = readFailedPull(received);
  const pull = claim && (await ledger.findUpload(claim.uploadId));
  return claim !== undefined && pull !== undefined && isOfPull(pull, claim, origin)
    ? { ...received, failedPull: claim.uploadId }
    : received;
}

function isOfEnvelope(upload: Upload, { owner, method }: SourceContext, origin: Origin): boolean {
  return upload.owner === owner && upload.method === method && isOfApplication(upload, origin);
}

function isOfPull(upload: Upload, { taskId }: FailedPull, origin: Origin): boolean {
  const isOfTask = upload.taskId === undefined || upload.taskId === taskId;
  return upload.method === 'pull' && isOfTask && isOfApplication(upload, origin);
}

/** What was kept before an application was configured is the service's own. */
function isOfApplication({ subAppId }: Upload, origin: Origin): boolean {
  return (subAppId ?? origin.own) === origin.subAppId;
}

interface FailedPull {
  readonly uploadId: string;
  readonly taskId: string;
}

/**
 * A pull that failed has no media that could hold an envelope, but every pull of this service has its upload's id as its
 * `SessionId`. Other programs may write there what they like.
 */
function readFailedPull({ event }: ReceivedEvent): FailedPull | undefined {
  if (event.eventType !== 'PullComplete' || !hasFailed(event.task)) return undefined;
  const { SessionId, TaskId: taskId } = event.task;
  const uploadId = readText(SessionId);
  return uploadId !== undefined && UPLOAD_ID.test(uploadId) ? { uploadId, taskId } : undefined;
}
