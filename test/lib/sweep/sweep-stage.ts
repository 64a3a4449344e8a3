import { randomUUID } from 'node:crypto';
import { vi } from 'vitest';
import { createCoverFetcher } from '../../../lib/actions/fetch-cover.ts';
import { type Ledger, openLedger } from '../../../lib/ledger/ledger.ts';
import type { Retention } from '../../../lib/model/retention.ts';
import type { LogFields } from '../../../lib/runtime/invocation.ts';
import type { SweepSummary } from '../../../lib/sweep/summary.ts';
import { type SweepOptions, sweep } from '../../../lib/sweep/sweep.ts';
import type { SweepRun } from '../../../lib/sweep/sweep-run.ts';
import { clock as systemClock } from '../../../lib/system.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { createTargets } from '../../../lib/webhooks/create-targets.ts';
import type { WebhookEndpoint } from '../../../lib/webhooks/endpoint.ts';
import type { Target } from '../../../lib/webhooks/target.ts';
import type { EmulatorOptions } from '../../../tools/local/emulator/emulator.ts';
import { connectVod } from '../../support/connect-vod.ts';
import { perTest } from '../../support/per-test.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { CONTEXTS } from '../../support/source-contexts.ts';
import { type TestDatabases, useDatabases } from '../../support/use-ledger.ts';
import { type ApiStage, openApiStage } from '../../tools/local/emulator/api/api-stage.ts';

/** Pulls that a sweep of the stage starts per second. */
const PULLS_PER_SECOND = 100;

/** Nothing is pruned. */
export const FOREVER: Retention = {
  ...{ events: undefined, deliveries: undefined, keys: undefined, uploads: undefined },
  dead: undefined,
};

/** How a stage differs from one without targets on the default emulator. */
export interface StageOptions {
  readonly endpoints?: readonly WebhookEndpoint[];
  readonly emulator?: Partial<EmulatorOptions>;
}

/** The options of one sweep. */
type SweepChange = Partial<
  SweepOptions &
    Pick<
      SweepRun,
      'deadline' | 'api' | 'applications' | 'contexts' | 'ledger' | 'settings' | 'looksNow'
    >
>;

/** The emulator, a ledger and what sweeps, on one clock. */
export interface SweepStage {
  readonly vod: ApiStage;
  readonly databaseUrl: string;
  readonly ledger: Ledger;
  readonly api: VodApi;
  readonly targets: readonly Target[];
  /** The log lines of the sweep, except its summary. */
  readonly reports: readonly LogFields[];
  readonly now: () => number;
  /** Moves the clock of this process, which continues from there. */
  passSeconds(seconds: number): void;
  /** Returns what a step needs. */
  run(change?: SweepChange): SweepRun;
  sweep(change?: SweepChange): Promise<SweepSummary>;
  /** Returns another ledger on the same database, as another instance uses it. */
  openOther(): Ledger;
  close(): Promise<void>;
}

/** Opens a stage on a database of its own. */
export async function openSweepStage(
  databases: TestDatabases,
  { endpoints = [], emulator = {} }: StageOptions = {},
): Promise<SweepStage> {
  const vod = await openApiStage(emulator);
  const databaseUrl = await databases.create();
  const now = () => Date.now();
  const clock = createClock();
  const targets = createTargets(
    { endpoints, eventBus: undefined },
    { readCredentials: () => credentialsOf(vod), clock: { ...systemClock, now } },
  );
  const opened: Ledger[] = [];
  const openOther = () => {
    const ledger = openLedger(databaseUrl, {
      clock: { now },
      random: { key: randomUUID },
      targets,
    });
    opened.push(ledger);
    return ledger;
  };
  const ledger = openOther();
  const api = createApi(vod);
  const reports: LogFields[] = [];
  const createRun = (change: SweepChange = {}): SweepRun => ({
    ...{ ledger, api, clock: { ...systemClock, now }, fetchCover: createCoverFetcher() },
    applications: [undefined],
    contexts: CONTEXTS,
    settings: NO_SETTINGS,
    random: { fraction: () => 0.5 },
    looksNow: false,
    deadline: { left: () => 600_000 },
    report: (fields) => reports.push(fields),
    ...change,
  });
  return {
    ...{ vod, databaseUrl, ledger, api, targets, reports, now, openOther },
    passSeconds: clock.passSeconds,
    run: createRun,
    sweep: (change = {}) =>
      sweep(createRun(change), {
        pullsEvents: false,
        targets,
        pullsPerSecond: PULLS_PER_SECOND,
        ...{ retention: FOREVER, exportRows: undefined },
        ...change,
      }),
    async close() {
      clock.reset();
      for (const each of opened) await each.close();
      await vod.close();
    },
  };
}

/** Gives each test of the file a stage of its own, with the options that are asked for before it. */
export function useSweepStage(choose: () => StageOptions = () => ({})): SweepStage {
  const databases = useDatabases();
  return perTest(
    () => openSweepStage(databases, choose()),
    (stage) => stage.close(),
  );
}

/** A fraction of a second is enough, and faster than any wait. */
const TICK_MILLISECONDS = 5;

function createClock() {
  let ticking: NodeJS.Timeout | undefined;
  const reset = () => {
    clearInterval(ticking);
    vi.useRealTimers();
  };
  return {
    reset,
    passSeconds(seconds: number) {
      const begin = Date.now() + seconds * 1_000;
      const begun = performance.now();
      reset();
      vi.useFakeTimers({ toFake: ['Date'], now: begin });
      ticking = setInterval(
        () => vi.setSystemTime(begin + performance.now() - begun),
        TICK_MILLISECONDS,
      );
    },
  };
}

function credentialsOf({ account }: ApiStage) {
  return { secretId: account.secretId, secretKey: account.secretKey, token: undefined };
}

/** Returns a client of the emulator's API with its own connections and its own count of calls. */
export function createApi(vod: ApiStage, pullsPerSecond = PULLS_PER_SECOND): VodApi {
  const credentials = credentialsOf(vod);
  return connectVod(vod.host, { credentials, pullsPerSecond, sleep: systemClock.sleep });
}

/** A media that VOD can pull. */
export const TONE = 'http://samples.example.com/tone.wav';

/** Has VOD pull that many files that no one asked this service for, and returns their ids once all are there. */
export async function makeMedia(vod: ApiStage, count = 1): Promise<readonly string[]> {
  const fileIds: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const ended = vod.next(({ type }) => type === 'media');
    await vod.client.PullUpload({ MediaUrl: TONE, MediaName: `tone-${index}` });
    await ended;
    const fileId = vod.emulator().media().at(-1)?.fileId;
    if (fileId !== undefined) fileIds.push(fileId);
  }
  return fileIds;
}
