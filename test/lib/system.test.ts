import { describe, expect, it } from 'vitest';
import { clock, createPause, limitTo, random } from '../../lib/system.ts';

describe('clock', () => {
  it('returns Unix milliseconds, and a monotonic time', () => {
    const [before, now] = [Date.now(), clock.now()];
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
    const begin = clock.monotonic();
    expect(clock.monotonic()).toBeGreaterThanOrEqual(begin);
  });

  it('sleeps until the time is over or the signal is aborted', async () => {
    const before = clock.monotonic();
    await clock.sleep(20);
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(19);
    await expect(clock.sleep(60_000, AbortSignal.abort())).rejects.toThrow('aborted');
  });
});

describe('random', () => {
  it('returns numbers within their bounds and different keys', () => {
    for (let i = 0; i < 100; i += 1) {
      expect([0, 1, 2]).toContain(random.integer(3));
      expect(random.fraction()).toBeLessThan(1);
    }
    expect(random.key()).not.toBe(random.key());
  });
});

describe('limitTo()', () => {
  let time = 1_000;
  const own = { monotonic: () => time };

  it('ends after the given milliseconds or with an earlier deadline', () => {
    time = 1_000;
    let left = 10_000;
    const limited = limitTo(500, { left: () => left }, own);
    expect(limited.left()).toBe(500);
    time += 501;
    expect(limited.left()).toBe(-1);
    left = -7;
    expect(limited.left()).toBe(-7);
  });
});

describe('createPause()', () => {
  it('replaces a lost connection immediately, and pauses longer after each failure to connect', () => {
    const pause = createPause({
      clock: { now: () => 0 },
      random: { fraction: () => 1 },
      longest: 100,
    });
    const waits = [pause.left()];
    pause.lost();
    waits.push(pause.left());
    for (let i = 0; i < 5; i += 1) {
      pause.failed();
      waits.push(pause.left());
    }
    pause.worked();
    waits.push(pause.left());
    pause.failed();

    expect([...waits, pause.left()]).toEqual([0, 0, 20, 40, 80, 100, 100, 0, 20]);
  });

  it('pauses if a connection is lost again and again', () => {
    const pause = createPause({
      clock: { now: () => 0 },
      random: { fraction: () => 1 },
      longest: 100,
    });
    for (let i = 0; i < 3; i += 1) pause.lost();

    expect(pause.left()).toBe(40);
  });

  it('spreads a pause over half of its length, counted from the failure', () => {
    let time = 1_000;
    const pause = createPause({
      clock: { now: () => time },
      random: { fraction: () => 0 },
      longest: 100,
    });
    pause.failed();
    const waits = [pause.left()];
    for (const later of [1_004, 1_010, 900]) {
      time = later;
      waits.push(pause.left());
    }

    expect(waits).toEqual([10, 6, 0, 10]);
  });
});
