import { describe, expect, it } from 'vitest';
import type { Upload } from '../../../lib/model/upload.ts';
import { scheduleCheck } from '../../../lib/sweep/check-schedule.ts';
import { type Random, random } from '../../../lib/system.ts';

const START = Date.UTC(2026, 0, 31);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const PULL: Upload = {
  uploadId: '01JSWEEP000000000000000001',
  method: 'pull',
  state: 'issued',
  createdAt: START,
  updatedAt: START,
};

describe('scheduleCheck()', () => {
  it('schedules checks less and less often while an upload does not change', () => {
    const pauses: number[] = [];
    for (let now = START; now < START + 3 * DAY; ) {
      const next = scheduleCheck(PULL, now, random) ?? 0;
      pauses.push((next - now) / MINUTE);
      now = next;
    }

    expect([...new Set(pauses)]).toEqual([10, 30, 120, 720]);
    expect(pauses.length).toBeLessThan(30);
  });

  const FILE: Upload = { ...PULL, state: 'ready', fileId: '5285485487985271000' };

  /** Returns the times of all checks of a file within ten years; the ledger schedules the first one after a day. */
  function listChecks(file: Upload, chance: Pick<Random, 'fraction'>): readonly number[] {
    const times: number[] = [];
    for (let at: number | undefined = START + DAY; at < START + 3_653 * DAY; ) {
      times.push(at);
      at = scheduleCheck(file, at, chance) ?? Number.POSITIVE_INFINITY;
    }
    return times;
  }

  it.each(['ready', 'failed'] as const)(
    'schedules checks of a file that is %s at intervals that double from a day to 90 days',
    (state) => {
      const times = listChecks({ ...FILE, state }, { fraction: () => 0 });
      const days = times.map((time) => (time - START) / DAY);

      expect(days.slice(0, 9).map(Math.round)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 218]);
      const pauses = days.slice(8).map((day, i) => day - (days[i + 7] ?? 0));
      for (const pause of pauses) expect(pause).toBeCloseTo(90, 1);
    },
  );

  it('makes pauses longer by up to a quarter', () => {
    const longest =
      (scheduleCheck(FILE, START + 8 * DAY, { fraction: () => 1 - Number.EPSILON }) ?? 0) - START;

    expect(longest / DAY).toBeGreaterThan(17.9);
    expect(longest / DAY).toBeLessThan(18.1);
  });

  it('asks about a million files with 250,000 calls in the first month, and 180,000 in the tenth year', () => {
    const files = 2_000;
    const all = Array.from({ length: files }, () => listChecks(FILE, random)).flat();
    const countCalls = (from: number, until: number) => {
      const checks = all.filter((at) => at >= START + from * DAY && at < START + until * DAY);
      return (checks.length / files) * (1_000_000 / 20);
    };

    expect(countCalls(0, 30) / 250_000).toBeCloseTo(1, 1);
    expect(countCalls(9 * 365, 10 * 365) / 180_000).toBeCloseTo(1, 1);
  });

  it('spreads files that came together over a quarter of their age', () => {
    const times = Array.from({ length: 1_000 }, () => listChecks(FILE, random)[5] ?? 0);
    const slots = new Map<number, number>();
    for (const time of times) slots.set(time, (slots.get(time) ?? 0) + 1);

    expect(Math.max(...slots.values())).toBeLessThan(100);
  });

  it('gathers the files of an application at one moment of each hour, apart from those of others', () => {
    const due = (subAppId: number, i: number) =>
      scheduleCheck({ ...FILE, subAppId }, START + 2 * DAY + i * 1_000, { fraction: () => 0 });
    const moments = [1_500_000_001, 1_500_000_002].map(
      (subAppId) => new Set(Array.from({ length: 40 }, (_, i) => due(subAppId, i))),
    );

    expect(moments.map(({ size }) => size)).toEqual([1, 1]);
    expect(moments[0]).not.toEqual(moments[1]);
  });

  it.each(['failed', 'rejected', 'expired', 'cancelled', 'deleted'] as const)(
    'schedules no check of an upload that is %s without a file',
    (state) => {
      expect(scheduleCheck({ ...PULL, state }, START, random)).toBeUndefined();
    },
  );

  it('schedules no check of a client upload before it can have expired', () => {
    const client: Upload = { ...PULL, method: 'client', expiresAt: START + 90 * DAY };
    const over = START + 91 * DAY;

    expect(scheduleCheck(client, START, random)).toBeGreaterThan(over);
    expect(scheduleCheck(client, over, random)).toBe(over + 20 * MINUTE);
    expect(scheduleCheck(client, over + DAY, random)).toBe(over + DAY + 12 * HOUR);
  });

  it('schedules a check of the task of a client upload whose file has arrived', () => {
    const client: Upload = {
      ...PULL,
      method: 'client',
      state: 'processing',
      fileId: '5285485487985271000',
      expiresAt: START + 90 * DAY,
    };

    expect(scheduleCheck(client, START, random)).toBe(START + 10 * MINUTE);
  });
});
