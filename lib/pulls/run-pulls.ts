import type { WithLedger } from '../ledger/lazy-ledger.ts';
import type { AddedRunItem } from '../ledger/runs/pull-run-items.ts';
import type { PullRun } from '../ledger/runs/pull-run-row.ts';
import { hasEnded, type RunItemState } from '../model/pull-run.ts';
import type { UploadState } from '../model/upload-state.ts';
import type { ProblemDetails } from '../problem.ts';
import { TASK_MEMORY_MILLISECONDS } from '../validation/limits.ts';
import type { UrlPolicy } from '../validation/public-url.ts';
import type { VodApi } from '../vod/client.ts';
import { type DurablePullDependencies, reserveUploads } from './durable.ts';
import { runEnded } from './ended-run.ts';
import { createPullId, toPullJob } from './prepare-pull.ts';
import { fingerprintPull } from './pull-fingerprint.ts';
import type { IdentifiedPull, PreparedPull, PullStore } from './pull-store.ts';
import type { CheckedItem } from './run-request.ts';
import { type PullCall, type PullDependencies, submitBatch } from './submit.ts';

/** Dependencies of runs. */
export interface RunPullDependencies
  extends Omit<PullDependencies, 'store' | 'api'>,
    Omit<DurablePullDependencies, 'sentAtOnce'> {
  readonly api: PullDependencies['api'] & Pick<VodApi, 'describeTaskDetail'>;
  /** What media may be pulled from. */
  readonly urlPolicy: UrlPolicy;
}

/** What has become of an item that was sent. */
export type AddedItem =
  | { readonly id: string; readonly uploadId: string; readonly state: RunItemState }
  | { readonly id?: string; readonly problem: ProblemDetails };

/**
 * Adds items to a run, and queues the pulls of those that are new, or of which an earlier call was interrupted. Returns
 * what has become of each, in their order.
 *
 * @throws {Problem} `upload_finished` if the run has ended, or `ledger_unavailable`; then nothing was queued.
 */
export async function addRunItems(
  run: PullRun,
  items: readonly CheckedItem[],
  call: Omit<PullCall, 'idempotencyKey'> & { readonly retry: boolean },
  dependencies: RunPullDependencies,
): Promise<readonly AddedItem[]> {
  const states = new Map<string, RunItemState>();
  const store = createRunPulls(run, items, { ...call, states }, dependencies);
  const batch = { ...call, idempotencyKey: undefined };
  const results = await submitBatch(
    items.map(({ pull }) => pull),
    batch,
    { ...dependencies, store },
  );
  await storeRefused(run, items, results, store.asked, dependencies.ledger);
  return results.map((result, place): AddedItem => {
    const { id } = items[place] ?? {};
    if ('problem' in result)
      return { ...(id === undefined ? {} : { id }), problem: result.problem };
    if (!('uploadId' in result) || id === undefined) throw new Error('A run has a queue.');
    const { uploadId } = result;
    return { id, uploadId, state: states.get(uploadId) ?? 'waiting' };
  });
}

/** The pulls of a run: what a key is elsewhere, the id of an item is here. All are queued. */
interface RunPulls extends PullStore {
  /** The upload that each item has, by the item's id, although a quota may have no room for it. */
  readonly asked: ReadonlyMap<string, string>;
}

/** Returns a name of an item in one form: an id that is sent twice may stand for two requests. */
function nameForm(id: string | undefined, pull: CheckedItem['pull']): string {
  return `${id} ${'refusal' in pull ? '' : fingerprintPull(pull)}`;
}

function createRunPulls(
  run: PullRun,
  items: readonly CheckedItem[],
  { retry, states }: { readonly retry: boolean; readonly states: Map<string, RunItemState> },
  dependencies: RunPullDependencies,
): RunPulls {
  const { ledger } = dependencies;
  const asked = new Map<string, string>();
  const raws = new Map(items.map(({ id, pull, raw }) => [nameForm(id, pull), raw]));
  return {
    asked,
    sentAtOnce: 0,
    createId: ({ owner }) => createPullId(owner, dependencies),
    async identify(pulls) {
      // Of several with the same id, the first is pulled, and stands for the others.
      const firsts = new Map(pulls.toReversed().map((pull) => [pull.idempotency?.key ?? '', pull]));
      const wanted = Array.from(firsts, ([id, { idempotency, job }]) => {
        const raw = raws.get(`${id} ${idempotency?.fingerprint}`);
        return { id, uploadId: job.uploadId, request: { ...raw } };
      });
      const added = await ledger(async (each) =>
        (await each.pullRuns()).addItems(run.runId, wanted, { retry }),
      );
      if (added === undefined) throw runEnded();
      const found = new Map(wanted.map(({ id }, place) => [id, added[place]]));
      return pulls.map(({ idempotency: { key = '' } = {} }) => {
        const [first, item] = [firsts.get(key), found.get(key)];
        if (first === undefined || item === undefined)
          throw new Error('The item that was added is not there.');
        states.set(item.uploadId, item.state);
        asked.set(key, item.uploadId);
        return recognise(first, item, dependencies);
      });
    },
    async reserve(sent, queued) {
      const refused = await reserveUploads(sent, queued, dependencies, run.runId);
      const found = await ledger(async (each) => (await each.pullRuns()).findRun(run.runId));
      if (found === undefined || hasEnded(found)) throw runEnded();
      return refused;
    },
    accept: refuseToSend,
    fail: refuseToSend,
  };
}

/** Returns what is known about the pull of an item. Its upload may be missing, if the call that added it was interrupted. */
function recognise(
  pull: PreparedPull,
  { uploadId, state, createdAt, subAppId }: AddedRunItem,
  { contextKey, clock }: Pick<RunPullDependencies, 'contextKey' | 'clock'>,
): IdentifiedPull {
  if (uploadId === pull.job.uploadId) return { kind: 'new', pull };
  const isRecent = createdAt === undefined || clock.now() - createdAt < TASK_MEMORY_MILLISECONDS;
  if (state !== 'waiting' || !isRecent) {
    return { kind: 'known', submitted: Promise.resolve({ uploadId, state: toUploadState(state) }) };
  }
  const { subAppId: ownSubAppId } = pull.job.fields;
  const job = toPullJob(uploadId, { ...pull, subAppId: subAppId ?? ownSubAppId }, contextKey);
  return { kind: 'unsent', pull: { ...pull, job } };
}

function toUploadState(state: RunItemState): UploadState {
  switch (state) {
    case 'refused':
    case 'waiting':
    case 'fetching':
      return 'issued';
    case 'pruned':
      return 'deleted';
    default:
      return state;
  }
}

async function refuseToSend(): Promise<never> {
  throw new Error('The pulls of a run are queued.');
}

/** Records why items have no upload, so that their problems are counted and listed with the others. */
async function storeRefused(
  { runId }: PullRun,
  items: readonly CheckedItem[],
  results: Awaited<ReturnType<typeof submitBatch>>,
  asked: ReadonlyMap<string, string>,
  ledger: WithLedger,
): Promise<void> {
  // An item that is sent twice, once with a mistake, is not refused.
  const accepted = new Set(
    items.flatMap(({ id }, place) => ('uploadId' in (results[place] ?? {}) ? [id] : [])),
  );
  const refused = items.flatMap(({ id, raw }, place) => {
    const result = results[place];
    if (id === undefined || result === undefined || !('problem' in result)) return [];
    if (accepted.has(id)) return [];
    // One that got as far as an upload was refused by a quota, whatever is wrong with another one of this id.
    if (asked.has(id) && result.problem.code !== 'quota_exceeded') return [];
    const { requestId: _, ...problem } = result.problem;
    return [{ id, uploadId: asked.get(id), request: { ...raw }, problem: { ...problem } }];
  });
  if (refused.length === 0) return;
  await ledger(async (each) => (await each.pullRuns()).refuseItems(runId, refused));
}
