import type { ActionDependencies, DueAction } from '../actions/due-action.ts';
import { performAction } from '../actions/perform-action.ts';
import type { EventRecord } from '../ledger/event-record.ts';
import { Problem } from '../problem.ts';
import type { LogFields } from '../runtime/log.ts';

/**
 * Does to the media of `event` what is to be done, where nobody keeps it for later; returns what the log line says of
 * it. It may be repeated.
 *
 * @throws {Problem} where another try may help: VOD is to send the event again.
 */
export async function runMediaActionsNow(
  event: EventRecord,
  receivedAt: number,
  dependencies: Omit<ActionDependencies, 'ledger'>,
): Promise<LogFields> {
  const { deletions, others, log } = listActions(event, receivedAt);
  for (const action of [...deletions, ...others]) {
    const outcome = await performAction(action, { ...dependencies, ledger: undefined });
    if (outcome.kind === 'done') continue;
    const { error } = outcome;
    const reason = `A media file could not be dealt with (${action.kind}): ${error}.`;
    if (outcome.kind !== 'dead') throw new Problem(reason, { code: 'upstream_failed' });
    Object.assign(log, { level: 'warn', reason });
  }
  return log;
}

function listActions({ changes, actions = [], subAppId }: EventRecord, createdAt: number) {
  const rejected = changes.filter(({ fact }) => fact === 'rejected');
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
  'VOD has not read the file yet, so its limits were not judged: to look again later takes a database.';
