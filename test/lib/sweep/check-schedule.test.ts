import { describe, expect, it } from 'vitest';
import type { Upload } from '../../../lib/model/upload.ts';
import { scheduleCheck } from '../../../lib/sweep/check-schedule.ts';

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
      const next = scheduleCheck(PULL, now) ?? 0;
      pauses.push((next - now) / MINUTE);
      now = next;
    }

    expect([...new Set(pauses)]).toEqual([10, 30, 120, 720]);
    expect(pauses.length).toBeLessThan(30);
  });

  it.each(['ready', 'failed'] as const)(
    'schedules the check of a file that is %s once a day',
    (state) => {
      const upload: Upload = { ...PULL, state, fileId: '5285485487985271000' };

      expect(scheduleCheck(upload, START)).toBe(START + DAY);
    },
  );

  it.each(['failed', 'rejected', 'expired', 'cancelled', 'deleted'] as const)(
    'schedules no check of an upload that is %s without a file',
    (state) => {
      expect(scheduleCheck({ ...PULL, state }, START)).toBeUndefined();
    },
  );

  it('schedules no check of a client upload before it can have expired', () => {
    const client: Upload = { ...PULL, method: 'client', expiresAt: START + 90 * DAY };
    const over = START + 91 * DAY;

    expect(scheduleCheck(client, START)).toBeGreaterThan(over);
    expect(scheduleCheck(client, over)).toBe(over + 20 * MINUTE);
    expect(scheduleCheck(client, over + DAY)).toBe(over + DAY + 12 * HOUR);
  });

  it('schedules a check of the task of a client upload whose file has arrived', () => {
    const client: Upload = {
      ...PULL,
      method: 'client',
      state: 'processing',
      fileId: '5285485487985271000',
      expiresAt: START + 90 * DAY,
    };

    expect(scheduleCheck(client, START)).toBe(START + 10 * MINUTE);
  });
});
