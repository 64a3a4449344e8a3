import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSpeedLimit } from '../../../../../tools/local/emulator/storage/speed-limit.ts';

const KIB = 1024;

async function* chunks(count: number, size: number) {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(size, index);
}

/** Counts the bytes that pass, while they pass. */
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

  test('passes on whole chunks immediately if there is no limit', async () => {
    const { counted, done } = drain(createSpeedLimit().pace(chunks(3, 64 * KIB)));

    await done;
    expect(counted).toEqual({ bytes: 192 * KIB, slices: 3, largest: 64 * KIB });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('limits several bodies together to one rate, in equal shares', async () => {
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

  test('does not save up rate during an idle time', async () => {
    const limit = createSpeedLimit(1000 * KIB);
    await vi.advanceTimersByTimeAsync(60_000);

    const { counted } = drain(limit.pace(chunks(100, 64 * KIB)));
    await vi.advanceTimersByTimeAsync(100);

    expect(counted.bytes).toBeLessThanOrEqual(160 * KIB);
  });

  test('applies a change to bodies in progress', async () => {
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

  test('fails if the body fails', async () => {
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
