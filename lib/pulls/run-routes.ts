import type { RunItem } from '../ledger/pull-run-items.ts';
import type { PullRun, PullRunLedger } from '../ledger/pull-runs.ts';
import {
  ABSENT_ITEM_STATES,
  PENDING_ITEM_STATES,
  RETRYABLE_ITEM_STATES,
  type RunItemState,
} from '../model/pull-run.ts';
import { Problem } from '../problem.ts';
import { respondUnlessCached } from '../runtime/conditional.ts';
import { type HttpEvent, readJsonBody, readQueryFields } from '../runtime/http-event.ts';
import { type Answer, methodNotAllowed } from '../runtime/http-handler.ts';
import type { Invocation } from '../runtime/invocation.ts';
import { readPullProgress } from '../uploads/pull-progress.ts';
import { UPLOAD_ID } from '../validation/fields.ts';
import { defined } from '../validation/json-object.ts';
import type { UrlPolicy } from '../validation/public-url.ts';
import { createPullId, type PullOwner } from './prepare-pull.ts';
import { addRunItems, ENDED_PROBLEM, type RunPullDependencies, runEnded } from './run-pulls.ts';
import {
  checkItems,
  parseItemQuery,
  parseItems,
  parseRunQuery,
  parseRunRequest,
  parseStepRequest,
} from './run-request.ts';
import { viewCounts, viewRun } from './run-view.ts';

/** A request below `/pulls/runs` that its caller may make. */
export interface RunCall extends Invocation {
  readonly event: HttpEvent;
  /** The parts of the path after `runs`. */
  readonly path: readonly string[];
  readonly owner: PullOwner;
  readonly urlPolicy: UrlPolicy;
  readonly dependencies: RunPullDependencies;
}

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

function withRuns<Result>(
  { dependencies }: RunCall,
  work: (runs: PullRunLedger) => Promise<Result>,
): Promise<Result> {
  return dependencies.ledger(async (each) => work(await each.pullRuns()));
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
    runs.listItems(run.runId, { ...page, states }),
  );
  const progress = more === 'progress' ? await askProgress(items, call) : undefined;
  const views = items.map(({ request, ...item }) => ({
    ...item,
    ...(more === 'request' ? { request } : {}),
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
  if (run.state !== 'open') throw runEnded();
  const added = await addRunItems(run, items, { ...call, retry }, call.dependencies);
  countResults(call, added);
  return { status: 202, body: { items: added } };
}

/** Items of one step of work on a run: these take a few seconds. */
const STEP = 500;

async function retryItems(run: PullRun, call: RunCall): Promise<Answer> {
  const step = parseStep(call);
  if (run.state !== 'open') throw runEnded();
  const { items, ...rest } = await readStep(run, RETRYABLE_ITEM_STATES, step, call);
  const without = items.filter(({ fileId }) => fileId === undefined);
  const again = without.map(({ id, request }) => ({ ...request, id }));
  if (again.length === 0) return { status: 202, body: { retried: 0, refused: 0, ...rest } };
  const checked = checkItems(again, describeContext(call));
  const added = await addRunItems(run, checked, { ...call, retry: true }, call.dependencies);
  const { accepted, refused } = countResults(call, added);
  return { status: 202, body: { retried: accepted, refused, ...rest } };
}

async function cancelItems(run: PullRun, call: RunCall): Promise<Answer> {
  const step = parseStep(call);
  await withRuns(call, (runs) => runs.endRun(run.runId, 'cancelled'));
  // What has arrived stays, also while it is processed.
  const { items, ...rest } = await readStep(run, ABSENT_ITEM_STATES, step, call);
  const { cancelled } = await cancelAll(run, items, call);
  return { status: 202, body: { cancelled, ...rest } };
}

async function undoItems(run: PullRun, call: RunCall): Promise<Answer> {
  const step = parseStep(call);
  await withRuns(call, (runs) => runs.endRun(run.runId, 'undone'));
  const states: readonly RunItemState[] = [...PENDING_ITEM_STATES, 'ready', 'failed'];
  const { items, ...rest } = await readStep(run, states, step, call);
  const pending = items.filter(({ state }) => PENDING_ITEM_STATES.includes(state));
  const { cancelled, ended } = await cancelAll(run, pending, call);
  const arrived = items.flatMap(({ fileId, uploadId }) =>
    fileId === undefined || uploadId === undefined ? [] : [uploadId],
  );
  const deleted = await withRuns(call, (runs) =>
    runs.deleteFiles(run.runId, [...new Set([...arrived, ...ended])]),
  );
  return { status: 202, body: { cancelled, deleted, ...rest } };
}

type Step = ReturnType<typeof parseStepRequest>;

function parseStep({ event }: RunCall): Step {
  return parseStepRequest(readJsonBody(event, {}));
}

function readStep(run: PullRun, states: readonly RunItemState[], { cursor }: Step, call: RunCall) {
  return withRuns(call, (runs) => runs.listItems(run.runId, { states, limit: STEP, cursor }));
}

/** Cancels items that are under way. Returns how many, and the uploads of those that had just ended in another way. */
async function cancelAll({ runId }: PullRun, items: readonly RunItem[], call: RunCall) {
  const uploadIds = items.flatMap(({ uploadId }) => uploadId ?? []);
  const uploads = await call.dependencies.ledger((each) =>
    each.transitionAll(uploadIds, 'cancelled'),
  );
  const found = new Map(uploads.map(({ uploadId, state }) => [uploadId, state]));
  // The call that added them was interrupted before it queued them.
  const missing = items.filter(({ uploadId = '' }) => !found.has(uploadId));
  if (missing.length > 0) {
    const refused = missing.map(({ id, uploadId, request }) => ({
      id,
      uploadId,
      request,
      problem: ENDED_PROBLEM,
    }));
    await withRuns(call, (runs) => runs.refuseItems(runId, refused));
  }
  const ended = [...found].flatMap(([uploadId, state]) =>
    state === 'cancelled' ? [] : [uploadId],
  );
  return { cancelled: items.length - ended.length, ended };
}

function describeContext({ urlPolicy, dependencies }: RunCall) {
  return { nowSeconds: Math.floor(dependencies.now() / 1_000), policy: urlPolicy };
}

function countResults({ log }: RunCall, results: readonly object[]) {
  const refused = results.filter((result) => 'problem' in result).length;
  const counts = { accepted: results.length - refused, refused };
  Object.assign(log, { items: results.length, ...counts });
  return counts;
}
