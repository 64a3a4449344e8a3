import { ledgerRequired, type WithLedger } from '../ledger/lazy-ledger.ts';
import type { PermitCaller } from '../policy/permit-caller.ts';
import { type HttpEvent, readPath } from '../runtime/http-event.ts';
import type { Answer } from '../runtime/http-handler.ts';
import type { PullOwner } from './prepare-pull.ts';
import type { RunCall } from './run-call.ts';
import type { RunPullDependencies } from './run-pulls.ts';
import { answerRunRequest } from './run-routes.ts';

/** A request that may be about runs, and what permits its caller. */
interface RequestedRuns extends Omit<RunCall, 'path' | 'owner' | 'urlPolicy' | 'dependencies'> {
  readonly caller: Pick<PullOwner, 'owner'> & Parameters<PermitCaller>[0];
  readonly permit: PermitCaller;
}

/** Dependencies of runs, of which there are none without a database. */
interface RunsDependencies extends Omit<RunPullDependencies, 'ledger'> {
  readonly config: Pick<RunCall, 'urlPolicy'>;
  readonly ledger: WithLedger | undefined;
}

/**
 * Returns the answer to a request below `/pulls/runs`; undefined for any other path.
 *
 * @throws {Problem}
 */
export async function answerRuns(
  { caller, permit, ...call }: RequestedRuns,
  { config, ledger, ...others }: RunsDependencies,
): Promise<Answer | undefined> {
  const path = readRunPath(call.event);
  if (path === undefined) return undefined;
  const owner = { owner: caller.owner, ...(await permit(caller)) };
  if (ledger === undefined) throw ledgerRequired('Runs are kept in a database');
  const { urlPolicy } = config;
  return answerRunRequest({ ...call, path, owner, urlPolicy, dependencies: { ...others, ledger } });
}

/** Returns the parts of the path after `runs`, which follows the function's own name; undefined for any other path. */
function readRunPath(event: HttpEvent): readonly string[] | undefined {
  const parts = readPath(event, 'pulls');
  const [root, ...path] = parts[0] === 'pull' ? parts.slice(1) : parts;
  return root === 'runs' ? path : undefined;
}
