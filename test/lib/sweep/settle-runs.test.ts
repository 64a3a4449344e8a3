import { beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../lib/ledger/ledger.ts';
import { LOOKED_AT_ONCE } from '../../../lib/ledger/runs/pull-run-statements.ts';
import type { PullRunLedger } from '../../../lib/ledger/runs/pull-runs.ts';
import { RUN_COUNTS, settleRuns } from '../../../lib/sweep/settle-runs.ts';
import { createStepCounts } from '../../../lib/sweep/step-counts.ts';
import type { SweepRun } from '../../../lib/sweep/sweep-run.ts';
import { TONE, useSweepStage } from './sweep-stage.ts';

const RUN_ID = '01JSWEEP000000000000000RUN';

const stage = useSweepStage();
let runs: PullRunLedger;

const uploadOf = (id: string) => `01JSWEEP00000000000000${id}`;
const add = (ids: readonly string[]) =>
  runs.addItems(
    RUN_ID,
    ids.map((id) => ({ id, uploadId: uploadOf(id), request: {} })),
    { retry: false },
  );
const pullOf = (id: string) => {
  const request = { MediaUrl: TONE, SessionId: uploadOf(id) };
  return { uploadId: uploadOf(id), owner: 'alice', request };
};
const queue = async (ids: readonly string[]) => {
  await add(ids);
  await stage.ledger.enqueuePulls(ids.map(pullOf), RUN_ID);
};
const settle = async (change: Partial<SweepRun> = {}) => {
  const errors = new Map<string, number>();
  const counts = createStepCounts(RUN_COUNTS, errors);
  await settleRuns({ ...stage.run(), ...change }, counts);
  return { ...counts.counts, errors: Object.fromEntries(errors) };
};
/** Returns what has the runs of the stage, changed. */
const changed = (change: Partial<PullRunLedger>): Ledger => ({
  ...stage.ledger,
  pullRuns: async () => ({ ...runs, ...change }),
});
const claim = async () =>
  (await stage.ledger.claimPulls(99_999, 60)).map(({ uploadId }) => uploadId).sort();
const states = async () =>
  Object.fromEntries(
    (await runs.listItems(RUN_ID, { limit: 100 })).items.map(({ id, state }) => [id, state]),
  );

beforeEach(async () => {
  runs = await stage.ledger.pullRuns();
  await runs.openRun({ runId: RUN_ID, owner: 'alice', name: 'library', subAppId: undefined });
});

describe('settleRuns()', () => {
  it('holds what an interrupted pause has left, and sends what an interrupted resume has', async () => {
    await queue(['0001', '0002']);
    await runs.pauseRun(RUN_ID, true);

    const early = await settle();
    stage.passSeconds(301);
    const paused = await settle();
    const held = await claim();
    await runs.pauseRun(RUN_ID, false);
    stage.passSeconds(301);
    const resumed = await settle();

    expect([early.items, paused.items, resumed.items]).toEqual([0, 2, 2]);
    expect(held).toEqual([]);
    expect(await claim()).toEqual(['0001', '0002'].map(uploadOf));
    stage.passSeconds(86_400);
    expect(await settle()).toMatchObject({ items: 0 });
  });

  it.each(['cancelled', 'undone'] as const)(
    'ends what has no file yet of a run that is %s',
    async (state) => {
      await queue(['0001', '0002', '0003', '0004']);
      await runs.pauseRun(RUN_ID, true);
      await runs.holdItems(RUN_ID, undefined);
      await add(['0005']);
      await stage.ledger.transition(uploadOf('0002'), 'issued', { taskId: 't' });
      await stage.ledger.transition(uploadOf('0003'), 'uploadedForProcessing', { fileId: 'f3' });
      await stage.ledger.transition(uploadOf('0004'), 'uploaded', { fileId: 'f4' });
      await runs.endRun(RUN_ID, state);

      stage.passSeconds(301);

      expect(await settle()).toEqual({ items: 3, failed: 0, errors: {} });
      expect(await states()).toEqual({
        ...{ '0001': 'cancelled', '0002': 'cancelled', '0005': 'refused' },
        ...{ '0003': 'processing', '0004': 'ready' },
      });
      expect(await stage.ledger.claimActions(9, 60)).toEqual([]);
      await runs.endRun(RUN_ID, state);
      stage.passSeconds(301);
      expect(await settle()).toMatchObject({ items: 0 });
    },
  );

  it('continues in the next sweep where time ran out, or where it was killed', async () => {
    const ids = Array.from({ length: LOOKED_AT_ONCE + 2 }, (_, i) => String(i).padStart(4, '0'));
    await queue(ids);
    await runs.pauseRun(RUN_ID, true);
    stage.passSeconds(301);
    let looks = 0;
    const deadline = {
      left: () => {
        looks += 1;
        return looks > 1 ? 0 : 600_000;
      },
    };

    const first = await settle({ deadline });
    const killed = await settle({
      ledger: changed({ holdItems: () => Promise.reject(new Error('It was killed.')) }),
    });
    const before = await settle();
    stage.passSeconds(61);
    const last = await settle();

    expect(first).toMatchObject({ items: LOOKED_AT_ONCE });
    expect(killed).toMatchObject({ items: 0, failed: 1 });
    expect([before.items, last.items]).toEqual([0, 2]);
    expect(await claim()).toEqual([]);
  });

  it('follows a decision that is made meanwhile from the beginning', async () => {
    await queue(['0001', '0002']);
    await runs.pauseRun(RUN_ID, true);
    stage.passSeconds(301);
    const ledger = changed({
      async holdItems(...asked) {
        const held = await runs.holdItems(...asked);
        await runs.pauseRun(RUN_ID, false);
        return held;
      },
    });

    const first = await settle({ ledger });
    stage.passSeconds(301);
    const second = await settle();

    expect([first.items, second.items]).toEqual([2, 2]);
    expect(await claim()).toEqual(['0001', '0002'].map(uploadOf));
  });

  it('is a step of a sweep', async () => {
    await queue(['0001']);
    await runs.pauseRun(RUN_ID, true);
    await runs.holdItems(RUN_ID, undefined);
    await runs.endRun(RUN_ID, 'cancelled');
    stage.passSeconds(301);

    expect((await stage.sweep()).steps['runs']).toEqual({ items: 1, failed: 0 });
  });
});
