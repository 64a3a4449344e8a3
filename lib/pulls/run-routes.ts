import { ledgerRequired, type WithLedger } from '../ledger/lazy-ledger.ts';
import type { RunItem } from '../ledger/runs/pull-run-items.ts';
import type { PullRun } from '../ledger/runs/pull-run-row.ts';
import { hasEnded } from '../model/pull-run.ts';
import type { PermitCaller } from '../policy/permit-caller.ts';
import { Problem } from '../problem.ts';
import { respondUnlessCached } from '../runtime/conditional.ts';
import {
  type HttpEvent,
  matchRoute,
  readJsonBody,
  readPath,
  readQueryFields,
} from '../runtime/http-event.ts';
import type { Answer } from '../runtime/http-handler.ts';
import type { Invocation } from '../runtime/invocation.ts';
import { readPullProgress } from '../uploads/pull-progress.ts';
import { UPLOAD_ID } from '../validation/fields.ts';
import { defined } from '../validation/json-object.ts';
import { runEnded } from './ended-run.ts';
import { createPullId, type PullOwner } from './prepare-pull.ts';
import { countResults, describeContext, type RunCall, withRuns } from './run-call.ts';
import { addRunItems, type RunPullDependencies } from './run-pulls.ts';
import { parseItemQuery, parseItems, parseRunQuery, parseRunRequest } from './run-request.ts';
import { cancelItems, pauseItems, resumeItems, retryItems, undoItems } from './run-steps.ts';
import { viewCounts, viewRun } from './run-view.ts';

/** A request that may be about runs, and what permits its caller. */
interface RunRequest extends Invocation {
  readonly event: HttpEvent;
  readonly caller: Pick<PullOwner, 'owner'> & Parameters<PermitCaller>[0];
  readonly permit: PermitCaller;
}

/** What is below `/pulls/runs`. */
const ROUTES = [
  ['GET', '/', listRuns],
  ['POST', '/', openRun],
  ['GET', '/:runId', withRun(showRun)],
  ['GET', '/:runId/items', withRun(listItems)],
  ['POST', '/:runId/items', withRun(addItems)],
  ['POST', '/:runId/pause', withRun(pauseItems)],
  ['POST', '/:runId/resume', withRun(resumeItems)],
  ['POST', '/:runId/retry', withRun(retryItems)],
  ['POST', '/:runId/cancel', withRun(cancelItems)],
  ['POST', '/:runId/undo', withRun(undoItems)],
] as const;

/**
 * Returns the answer to a request below `/pulls/runs`; undefined for any other path. A run exists for its owner alone.
 *
 * @throws {Problem}
 */
export async function answerRuns(
  { caller, permit, ...call }: RunRequest,
  dependencies: Omit<RunPullDependencies, 'ledger'> & { readonly ledger: WithLedger | undefined },
): Promise<Answer | undefined> {
  const path = readRunPath(call.event);
  if (path === undefined) return undefined;
  const owner = { owner: caller.owner, ...(await permit(caller)) };
  const { ledger } = dependencies;
  if (ledger === undefined) throw ledgerRequired('Runs are kept in a database');
  const [, , perform] = matchRoute(ROUTES, String(call.event.httpMethod), path);
  const [runId = ''] = path;
  return perform({ ...call, runId, owner, dependencies: { ...dependencies, ledger } });
}

/** Returns the parts of the path after `runs`, which follows the function's own name; undefined for any other path. */
function readRunPath(event: HttpEvent): readonly string[] | undefined {
  const parts = readPath(event, 'pulls');
  const [root, ...path] = parts[0] === 'pull' ? parts.slice(1) : parts;
  return root === 'runs' ? path : undefined;
}

function withRun(perform: (run: PullRun, call: RunCall) => Promise<Answer>) {
  return async (call: RunCall) => perform(await findRun(call), call);
}

async function findRun(call: RunCall): Promise<PullRun> {
  const { runId } = call;
  const { owner, subAppId } = call.owner;
  const run = UPLOAD_ID.test(runId)
    ? await withRuns(call, (runs) => runs.findRun(runId))
    : undefined;
  if (run !== undefined && run.owner === owner && run.subAppId === subAppId) return run;
  throw new Problem('There is no run with this id.', { code: 'not_found' });
}

async function openRun(call: RunCall): Promise<Answer> {
  const { name } = parseRunRequest(readJsonBody(call.event, {}));
  const { owner, subAppId } = call.owner;
  const runId = createPullId(owner, call.dependencies);
  const run = await withRuns(call, (runs) => runs.openRun({ runId, owner, subAppId, name }));
  return { status: run.runId === runId ? 201 : 200, body: viewRun(run) };
}

async function listRuns(call: RunCall): Promise<Answer> {
  const query = parseRunQuery(readQueryFields(call.event));
  const { owner, subAppId } = call.owner;
  const { items, ...rest } = await withRuns(call, (runs) =>
    runs.listRuns({ ...query, owner, subAppId }),
  );
  return respondUnlessCached(call.event, { items: items.map(viewRun), ...rest });
}

async function showRun(run: PullRun, call: RunCall): Promise<Answer> {
  const counts = await withRuns(call, (runs) => runs.countItems(run.runId));
  return respondUnlessCached(call.event, { ...viewRun(run), ...viewCounts(counts) });
}

async function listItems(run: PullRun, call: RunCall): Promise<Answer> {
  const { state: states, with: more, ...page } = parseItemQuery(readQueryFields(call.event));
  const { items, ...rest } = await withRuns(call, (runs) =>
    runs.listItems(run.runId, { ...page, states, withRequest: more === 'request' }),
  );
  const progress = more === 'progress' ? await askProgress(items, call) : undefined;
  const views = items.map((item) => ({
    ...item,
    ...defined({ progress: progress?.get(item.uploadId ?? '') }),
  }));
  return respondUnlessCached(call.event, { items: views, ...rest });
}

/** Items of one page whose progress VOD is asked for. */
const MAX_ASKED = 10;

async function askProgress(items: readonly RunItem[], { deadline, dependencies }: RunCall) {
  const ids = items.flatMap(({ state, uploadId }) =>
    state === 'fetching' && uploadId !== undefined ? [uploadId] : [],
  );
  const uploads = await dependencies.ledger((each) =>
    Promise.all(ids.slice(0, MAX_ASKED).map((id) => each.findUpload(id))),
  );
  return readPullProgress(
    uploads.filter((upload) => upload !== undefined),
    deadline,
    dependencies,
  );
}

async function addItems(run: PullRun, call: RunCall): Promise<Answer> {
  const { items, retry } = parseItems(readJsonBody(call.event), describeContext(call));
  if (hasEnded(run)) throw runEnded();
  const added = await addRunItems(run, items, { ...call, retry }, call.dependencies);
  countResults(call, added);
  return { status: 202, body: { items: added } };
}
