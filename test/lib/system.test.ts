import { describe, expect, it } from 'vitest';
import { clock, limitTo, random } from '../../lib/system.ts';

describe('clock', () => {
  it('returns Unix milliseconds, and a monotonic time', () => {
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
    const before = clock.monotonic();
    expect(clock.monotonic()).toBeGreaterThanOrEqual(before);
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
