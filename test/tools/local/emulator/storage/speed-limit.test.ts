import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSpeedLimit } from '../../../../../tools/local/emulator/storage/speed-limit.ts';

const KIB = 1024;

async function* chunks(count: number, size: number) {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(size, index);
}

/** Counts what comes through, as it comes. */
function drain(body: AsyncIterable<Buffer>) {
  const counted = { bytes: 0, slices: 0, largest: 0 };
  const done = (async () => {
    for await (const chunk of body) {
      counted.bytes += chunk.length;
      counted.slices += 1;
      counted.largest = Math.max(counted.largest, chunk.length);
    }
  })();
  return { counted, done };
}

describe('createSpeedLimit', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('hands on whole chunks at once where there is no limit', async () => {
    const { counted, done } = drain(createSpeedLimit().pace(chunks(3, 64 * KIB)));

    await done;
    expect(counted).toEqual({ bytes: 192 * KIB, slices: 3, largest: 64 * KIB });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('keeps several bodies together to one rate, and treats them alike', async () => {
    const limit = createSpeedLimit(1000 * KIB);
    const bodies = Array.from({ length: 6 }, () => drain(limit.pace(chunks(100, 64 * KIB))));

    await vi.advanceTimersByTimeAsync(4000);

    const bytes = bodies.map(({ counted }) => counted.bytes);
    const total = bytes.reduce((sum, each) => sum + each, 0);
    expect(total).toBeGreaterThan(3800 * KIB);
    expect(total).toBeLessThanOrEqual(4000 * KIB + 50 * KIB);
    expect(Math.max(...bytes) - Math.min(...bytes)).toBeLessThanOrEqual(16 * KIB);
  });

  test('sends small slices, so that progress is smooth', async () => {
    const { counted } = drain(createSpeedLimit(100 * KIB).pace(chunks(1, 1000 * KIB)));

    await vi.advanceTimersByTimeAsync(1000);

    expect(counted.largest).toBeLessThanOrEqual(16 * KIB);
    expect(counted.slices).toBeGreaterThanOrEqual(5);
  });

  test('does not save up what an idle while left unused', async () => {
    const limit = createSpeedLimit(1000 * KIB);
    await vi.advanceTimersByTimeAsync(60_000);

    const { counted } = drain(limit.pace(chunks(100, 64 * KIB)));
    await vi.advanceTimersByTimeAsync(100);

    expect(counted.bytes).toBeLessThanOrEqual(160 * KIB);
  });

  test('follows a change while bodies are under way', async () => {
    const limit = createSpeedLimit(1 * KIB);
    const { counted, done } = drain(limit.pace(chunks(4, 64 * KIB)));
    await vi.advanceTimersByTimeAsync(1000);
    expect(counted.bytes).toBe(0);

    limit.set(null);
    await done;

    expect(counted.bytes).toBe(256 * KIB);
    expect(limit.bytesPerSecond()).toBeNull();
  });

  test('sleeps between slices instead of polling', async () => {
    const timeouts = vi.spyOn(globalThis, 'setTimeout');
    drain(createSpeedLimit(16 * KIB).pace(chunks(1, 64 * KIB)));

    await vi.advanceTimersByTimeAsync(4100);

    expect(timeouts.mock.calls.length).toBeLessThanOrEqual(8);
  });

  test('fails as the body fails', async () => {
    async function* broken() {
      yield Buffer.alloc(10);
      throw new Error('connection lost');
    }

    await expect(drain(createSpeedLimit().pace(broken())).done).rejects.toThrow('connection lost');
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (rate) => {
    expect(() => createSpeedLimit(rate)).toThrow(RangeError);
    expect(() => createSpeedLimit().set(rate)).toThrow(RangeError);
  });
});
