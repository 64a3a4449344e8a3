import type { RunItem } from '../ledger/pull-run-items.ts';
import type { PullRun } from '../ledger/pull-runs.ts';
import { hasEnded } from '../model/pull-run.ts';
import { Problem } from '../problem.ts';
import { respondUnlessCached } from '../runtime/conditional.ts';
import { readJsonBody, readQueryFields } from '../runtime/http-event.ts';
import { type Answer, methodNotAllowed } from '../runtime/http-handler.ts';
import { readPullProgress } from '../uploads/pull-progress.ts';
import { UPLOAD_ID } from '../validation/fields.ts';
import { defined } from '../validation/json-object.ts';
import { createPullId } from './prepare-pull.ts';
import { countResults, describeContext, type RunCall, withRuns } from './run-call.ts';
import { addRunItems, runEnded } from './run-pulls.ts';
import { parseItemQuery, parseItems, parseRunQuery, parseRunRequest } from './run-request.ts';
import { cancelItems, pauseItems, resumeItems, retryItems, undoItems } from './run-steps.ts';
import { viewCounts, viewRun } from './run-view.ts';

/** What one method of one path does with the run of the path. */
type RunOperation = (run: PullRun, call: RunCall) => Promise<Answer>;

const OPERATIONS: ReadonlyMap<string, ReadonlyMap<string, RunOperation>> = new Map([
  ['', new Map([['GET', showRun]])],
  [
    'items',
    new Map([
      ['GET', listItems],
      ['POST', addItems],
    ]),
  ],
  ['pause', new Map([['POST', pauseItems]])],
  ['resume', new Map([['POST', resumeItems]])],
  ['retry', new Map([['POST', retryItems]])],
  ['cancel', new Map([['POST', cancelItems]])],
  ['undo', new Map([['POST', undoItems]])],
]);

/**
 * Returns the answer to a request below `/pulls/runs`. A run exists for its owner alone.
 *
 * @throws {Problem}
 */
export async function answerRunRequest(call: RunCall): Promise<Answer> {
  const { event, path } = call;
  const method = String(event.httpMethod);
  const [runId, part = '', ...rest] = path;
  if (runId === undefined) {
    if (method === 'GET') return listRuns(call);
    if (method === 'POST') return openRun(call);
    throw methodNotAllowed(method, ['GET', 'POST']);
  }
  const operations = rest.length === 0 ? OPERATIONS.get(part) : undefined;
  if (operations === undefined) throw notFound('There is nothing at this path.');
  const operation = operations.get(method);
  if (operation === undefined) throw methodNotAllowed(method, [...operations.keys()]);
  return operation(await findRun(runId, call), call);
}

async function findRun(runId: string, call: RunCall): Promise<PullRun> {
  const { owner, subAppId } = call.owner;
  const run = UPLOAD_ID.test(runId)
    ? await withRuns(call, (runs) => runs.findRun(runId))
    : undefined;
  if (run !== undefined && run.owner === owner && run.subAppId === subAppId) return run;
  throw notFound('There is no run with this id.');
}

function notFound(detail: string): Problem {
  return new Problem(detail, { code: 'not_found' });
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
const MOST_ASKED = 10;

async function askProgress(items: readonly RunItem[], { deadline, dependencies }: RunCall) {
  const ids = items.flatMap(({ state, uploadId }) =>
    state === 'fetching' && uploadId !== undefined ? [uploadId] : [],
  );
  const uploads = await dependencies.ledger((each) =>
    Promise.all(ids.slice(0, MOST_ASKED).map((id) => each.findUpload(id))),
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
