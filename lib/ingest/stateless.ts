import type { ActionDependencies, DueAction } from '../actions/media-action.ts';
import { performAction } from '../actions/perform-action.ts';
import type { UploadChange } from '../ledger/uploads/upload-row.ts';
import { selectTargets } from '../model/message-type.ts';
import { deriveFileUploadId } from '../model/upload-id.ts';
import { Problem } from '../problem.ts';
import type { LogFields } from '../runtime/invocation.ts';
import { viewUpload } from '../uploads/upload-view.ts';
import { defined } from '../validation/json-object.ts';
import type { VodEvent } from '../vod/event.ts';
import { buildUploadMessage, buildVodMessage, type Message } from '../webhooks/message.ts';
import type { Target } from '../webhooks/target.ts';
import { type PlannedEvent, planEvent, type Reception } from './plan-event.ts';
import { receiveEvent } from './received-event.ts';

/** Dependencies of ingesting without a ledger. */
interface StatelessDependencies extends Omit<ActionDependencies, 'ledger'> {
  readonly targets: readonly Target[];
}

/** Reserved for the answer, in milliseconds. */
const RESERVE_MILLISECONDS = 250;

/** Reserved for actions on media, in milliseconds. */
const ACTION_MILLISECONDS = 1_500;

/**
 * Plans a pushed event, delivers it and runs its actions, without storing anything; returns the log fields. Delivery
 * comes first: if an action has deleted the file and VOD sends the event again, the arrival can no longer be confirmed.
 *
 * @throws {Problem} if VOD is to send the event again.
 */
export async function ingestStateless(
  event: VodEvent,
  reception: Reception,
  { targets, ...dependencies }: StatelessDependencies,
): Promise<LogFields> {
  const { receivedAt } = reception;
  const record = planEvent(receiveEvent(event, reception), { ...reception, isOnlyChance: true });
  const acts = record.actions.length > 0 || record.changes.some(isRejection);
  const reserve = RESERVE_MILLISECONDS + (acts ? ACTION_MILLISECONDS : 0);
  const timeLimit = dependencies.deadline.left() - reserve;
  const delivered = await deliverImmediately(record, { targets, receivedAt, timeLimit });
  return { delivered, ...(await runMediaActionsNow(record, receivedAt, dependencies)) };
}

function isRejection({ fact }: UploadChange): boolean {
  return fact === 'rejected';
}

/** Dependencies of immediate delivery. */
interface DeliveryOptions {
  readonly targets: readonly Target[];
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Milliseconds for one target; all targets are sent to at the same time. */
  readonly timeLimit: number;
}

/**
 * Delivers `event`, and the rejection of its file if there is one, to all targets with matching patterns, without
 * storing anything; returns the number of messages.
 *
 * @throws {Problem} `delivery_failed` if a target has not accepted one: VOD is to send the event again, and targets
 * that have accepted theirs recognise the repeat by its id.
 */
async function deliverImmediately(
  { eventId, subAppId, payload: raw, confirmed, changes }: PlannedEvent,
  { targets, receivedAt, timeLimit }: DeliveryOptions,
): Promise<number> {
  const unconfirmed = confirmed ? undefined : true;
  const rejected = changes.filter(isRejection);
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
    `${refused.length} of ${results.length} consumers did not accept the event (${errors}): send it again.`,
    { code: 'delivery_failed' },
  );
}

/** Only what the event says about the upload is known. */
function buildRejection(change: UploadChange, at: number): Message {
  const { key, method, owner, fields, ofTenant } = change;
  const uploadId =
    'uploadId' in key ? key.uploadId : deriveFileUploadId(key.fileId, ofTenant && fields?.subAppId);
  const upload = { uploadId, method: method ?? 'other', state: 'rejected' } as const;
  const times = { createdAt: at, updatedAt: at };
  return buildUploadMessage(viewUpload({ ...upload, ...defined({ owner }), ...fields, ...times }));
}

/**
 * Runs the actions on the media of `event` immediately, since they cannot be stored for later; returns the log fields.
 * It may be repeated.
 *
 * @throws {Problem} if another attempt may succeed: VOD is to send the event again.
 */
async function runMediaActionsNow(
  event: PlannedEvent,
  receivedAt: number,
  dependencies: Omit<ActionDependencies, 'ledger'>,
): Promise<LogFields> {
  const { deletions, others, log } = listActions(event, receivedAt);
  for (const action of [...deletions, ...others]) {
    const outcome = await performAction(action, { ...dependencies, ledger: undefined });
    if (outcome.kind === 'done') continue;
    const { error } = outcome;
    const reason = `An action on a media file failed (${action.kind}): ${error}.`;
    if (outcome.kind === 'retry') throw new Problem(reason, { code: 'upstream_failed' });
    Object.assign(log, { level: 'warn', reason });
  }
  return log;
}

function listActions({ changes, actions, subAppId }: PlannedEvent, createdAt: number) {
  const rejected = changes.filter(isRejection);
  const deletions = rejected.flatMap(({ fields }): readonly DueAction[] =>
    fields?.fileId === undefined
      ? []
      : [{ fileId: fields.fileId, kind: 'delete', subAppId, createdAt }],
  );
  const others = actions.filter(({ kind }) => kind !== 'inspect');
  const log: LogFields =
    others.length < actions.length
      ? { level: 'warn', reason: UNJUDGED }
      : deletions.length > 0
        ? { code: String(rejected[0]?.fields?.problem?.['code']) }
        : {};
  return { deletions, others: others.map((action) => ({ ...action, subAppId, createdAt })), log };
}

const UNJUDGED =
  'VOD has not read the file yet, so its limits were not checked: to check again later needs a database.';
