import { randomInt, randomUUID } from 'node:crypto';
import type { Sql } from 'postgres';
import { beforeEach } from 'vitest';
import { lazyLedger } from '../../../lib/ledger/lazy-ledger.ts';
import type { Ledger } from '../../../lib/ledger/ledger.ts';
import type { Quotas } from '../../../lib/model/quotas.ts';
import type { UploadState } from '../../../lib/model/upload-state.ts';
import { createDurablePulls } from '../../../lib/pulls/durable.ts';
import type { SubmittedPull } from '../../../lib/pulls/pull-store.ts';
import { createStatelessPulls } from '../../../lib/pulls/stateless.ts';
import { type BatchResult, submitBatch, submitPull } from '../../../lib/pulls/submit.ts';
import type { Deadline } from '../../../lib/system.ts';
import type { PullRequest, RefusedItem } from '../../../lib/validation/pull-request.ts';
import type { CallOptions } from '../../../lib/vod/call.ts';
import type { PullUploadOutcome, RepeatablePullUpload } from '../../../lib/vod/client.ts';
import { forward } from '../../support/forward.ts';
import { CONTEXTS } from '../../support/source-contexts.ts';
import { useLedger } from '../../support/use-ledger.ts';

const NOW = Date.UTC(2026, 10, 22, 8);

/** The service's own application. */
export const OWN_SUB_APP_ID = 1_500_000_001;

/** Both stores. A test runs with both unless it is about a queue or the end of an instance. */
export const STORES = [
  ['without a database', 'stateless'],
  ['with a database', 'durable'],
] as const;

type Store = (typeof STORES)[number][1];

/** Returns a pull of the media with that name. */
export function pullOf(name: number | string, fields: Partial<PullRequest> = {}): PullRequest {
  return { mediaUrl: `https://media.example.com/${name}.mp4`, mediaType: 'mp4', ...fields };
}

/** How a request differs from one of `ann` without a key and without quotas, with enough time. */
interface Particulars {
  readonly key?: string | undefined;
  readonly quotas?: Quotas;
  readonly owner?: string;
  readonly subAppId?: number;
  readonly deadline?: Deadline;
}

/** One instance that submits pulls. */
interface PullInstance {
  one(asked: PullRequest, particulars?: Particulars): Promise<SubmittedPull>;
  many(
    items: readonly (PullRequest | RefusedItem)[],
    particulars?: Particulars,
  ): Promise<readonly BatchResult[]>;
}

/** What the tests of one file change and inspect. */
export interface PullStage {
  /** Unix milliseconds. */
  time: number;
  /** The requests that VOD received. */
  sent: RepeatablePullUpload[];
  /** The application and deadline of each call of VOD for regions and pulls. */
  asked: CallOptions[];
  /** VOD's answer. By default, like VOD, it accepts each session once. */
  answer: (request: RepeatablePullUpload) => Promise<PullUploadOutcome>;
  /** The ledger of all instances of a test; there is none without a database. */
  readonly ledger: Ledger;
  readonly sql: Sql;
  /** Returns the states of all recorded uploads; none without a database. */
  listStates(): Promise<readonly UploadState[]>;
  /** Returns the number of queued pulls. */
  countWaiting(): Promise<number>;
  /** Returns a new instance. */
  open(): PullInstance;
}

/** Sets up the stage before each test of a `describe`. With a queue, two pulls of a batch are sent immediately. */
export function setPullStage(store: Store): PullStage {
  const database =
    store === 'durable' ? useLedger({ clock: { now: () => stage.time } }) : undefined;
  const demand = () => {
    if (database === undefined) throw new Error('This store has no database.');
    return database;
  };
  const taken = new Set<string>();
  const answer = async ({ SessionId }: RepeatablePullUpload): Promise<PullUploadOutcome> => {
    if (taken.has(SessionId)) return { kind: 'duplicate', requestId: 'r' };
    taken.add(SessionId);
    return { kind: 'accepted', taskId: `task-${SessionId}`, requestId: 'r' };
  };
  const stage: PullStage = {
    ...{ time: NOW, sent: [], asked: [], answer },
    ledger: forward(() => demand().ledger),
    sql: forward(() => demand().sql),
    async listStates() {
      const found = await database?.ledger.listUploads({ limit: 99 });
      return found?.items.map(({ state }) => state) ?? [];
    },
    countWaiting: async () => (await database?.ledger.readBacklog())?.pulls.count ?? 0,
    open: () => openInstance(stage, store),
  };
  beforeEach(() => {
    taken.clear();
    Object.assign(stage, { time: NOW, sent: [], asked: [], answer });
  });
  return stage;
}

function openInstance(stage: PullStage, store: Store): PullInstance {
  const sources = {
    clock: { now: () => stage.time },
    random: { integer: randomInt, key: randomUUID },
  };
  const [contextKey] = CONTEXTS.keys;
  const ledger = lazyLedger(async () => stage.ledger);
  const dependencies = {
    api: {
      pullUpload: (request: RepeatablePullUpload, options: CallOptions = {}) => {
        stage.sent.push(request);
        stage.asked.push(options);
        return stage.answer(request);
      },
    },
    store:
      store === 'durable'
        ? createDurablePulls({ ...sources, ledger, contextKey, sentAtOnce: 2 })
        : createStatelessPulls(sources),
    ...{ contextKey, ownSubAppId: OWN_SUB_APP_ID },
    checkRegion: async (region: string, options: CallOptions) => {
      stage.asked.push(options);
      return region === 'ap-seoul'
        ? undefined
        : { path: 'storageRegion', message: 'is not opened' };
    },
  };
  const callOf = ({
    key,
    quotas,
    owner = 'ann',
    subAppId,
    deadline = { left: () => 30_000 },
  }: Particulars) => ({
    owner: { owner, subAppId, profile: quotas === undefined ? {} : { quotas } },
    ...{ idempotencyKey: key, requestId: 'call-1', deadline },
  });
  return {
    one: (asked, particulars = {}) => submitPull(asked, callOf(particulars), dependencies),
    many: (items, particulars = {}) => submitBatch(items, callOf(particulars), dependencies),
  };
}
