import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  choosePartBytes,
  listParts,
  PART_LIMITS,
  streamPartBytes,
} from '../../../client/put/part-plan.ts';
import { createPartSlots } from '../../../client/put/part-slots.ts';
import { createByteRate } from '../../../client/put/rate-limit.ts';
import { childText, readXml } from '../../../client/put/read-xml.ts';
import { startStallTimer } from '../../../client/put/stall-timer.ts';

const MEBIBYTE = 1024 ** 2;
const LARGEST = PART_LIMITS.maxBytes * PART_LIMITS.maxParts;

describe('choosePartBytes()', () => {
  it('keeps the bounds of storage for every size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LARGEST }), (size) => {
        const bytes = choosePartBytes(size);
        expect(bytes).toBeGreaterThanOrEqual(PART_LIMITS.minBytes);
        expect(bytes).toBeLessThanOrEqual(PART_LIMITS.maxBytes);
        expect(Math.ceil(size / bytes)).toBeLessThanOrEqual(PART_LIMITS.maxParts);
      }),
    );
    expect(choosePartBytes(MEBIBYTE, MEBIBYTE)).toBe(MEBIBYTE);
    expect(choosePartBytes(20_000 * MEBIBYTE, MEBIBYTE)).toBe(2 * MEBIBYTE);
    expect(choosePartBytes(LARGEST)).toBe(PART_LIMITS.maxBytes);
    expect(() => choosePartBytes(LARGEST + 1)).toThrow(/10000 parts of 5368709120 bytes at most/);
  });
});

describe('listParts()', () => {
  it('has every byte once', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 3_000 }), (size, partBytes) => {
        let end = 0;
        for (const [index, part] of listParts(size, partBytes).entries()) {
          expect(part).toMatchObject({ number: index + 1, start: end });
          end += part.size;
        }
        expect(end).toBe(size);
      }),
    );
  });
});

it('streamPartBytes() grows, so that 10,000 parts are enough for 2 TiB', () => {
  let total = 0;
  for (let number = 1; number <= PART_LIMITS.maxParts; number += 1)
    total += streamPartBytes(number);
  expect(streamPartBytes(1)).toBe(8 * MEBIBYTE);
  expect(total).toBeGreaterThan(2 * 1024 ** 4);
});

describe('createPartSlots()', () => {
  /** Sends for some seconds at the rate that that many lanes have. */
  function send(rateOf: (lanes: number) => number, seconds: number) {
    let now = 0;
    const slots = createPartSlots(() => now);
    for (let second = 0; second < seconds; second += 1) {
      now += 1_000;
      slots.sent(rateOf(slots.lanes()));
    }
    return slots;
  }

  it('opens lanes while they make it faster, sixteen at most', () => {
    expect(send((lanes) => lanes * 1e6, 100).lanes()).toBe(16);
    expect(send(() => 1e6, 100).lanes()).toBe(5);
    expect(send((lanes) => Math.min(lanes, 8) * 1e6, 100).lanes()).toBe(9);
  });

  it('closes a lane when a request fails, down to four', () => {
    const slots = send((lanes) => lanes * 1e6, 100);
    slots.failed();
    expect(slots.lanes()).toBe(15);
    for (let failure = 0; failure < 100; failure += 1) slots.failed();
    expect(slots.lanes()).toBe(4);
  });

  it('runs as many works as there are lanes, each with a buffer of its own', async () => {
    const slots = createPartSlots(() => 0);
    const buffers = new Set<Buffer>();
    let [running, most] = [0, 0];
    await Promise.all(
      Array.from({ length: 40 }, () =>
        slots.run(async (buffer) => {
          running += 1;
          most = Math.max(most, running);
          buffers.add(buffer);
          await Promise.resolve();
          running -= 1;
        }),
      ),
    );
    expect([most, buffers.size]).toEqual([4, 4]);
  });

  it('lets a work that waits leave', async () => {
    const slots = createPartSlots(() => 0);
    const stop = new AbortController();
    let open = () => {};
    const held = new Promise<void>((resolve) => {
      open = resolve;
    });
    const works = Array.from({ length: 4 }, () => slots.run(() => held));
    const waiting = slots.run(async () => 'ran', stop.signal);
    stop.abort(new Error('stopped'));

    await expect(waiting).rejects.toThrow('stopped');
    open();
    await Promise.all(works);
    expect(await slots.run(async () => 'ran')).toBe('ran');
  });
});

it('createByteRate() sends no more than it may', async () => {
  let now = 0;
  const rate = createByteRate(1_000_000, {
    monotonic: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
  });
  for (let taken = 0; taken < 10e6; taken += rate.step) await rate.take(rate.step);

  expect(now).toBeGreaterThan(9_800);
  expect(now).toBeLessThan(10_200);
});

describe('startStallTimer()', () => {
  it('waits longer for more bytes, and not at all while nothing is expected', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const onStall = vi.fn();
      const timer = startStallTimer(onStall);
      timer.expect(1_000_000);
      vi.advanceTimersByTime(500_000);
      timer.pause();
      vi.advanceTimersByTime(1_000_000);
      expect(onStall).not.toHaveBeenCalled();
      timer.expect(1_000_000);
      vi.advanceTimersByTime(515_000);
      expect(onStall).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });

  it('begins again if the machine slept', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    try {
      const onStall = vi.fn();
      startStallTimer(onStall).expectAnswer();
      now.mockReturnValue(3_600_000);
      vi.advanceTimersByTime(120_000);
      expect(onStall).not.toHaveBeenCalled();
      now.mockReturnValue(3_720_000);
      vi.advanceTimersByTime(120_000);
      expect(onStall).toHaveBeenCalledOnce();
    } finally {
      now.mockRestore();
      vi.useRealTimers();
    }
  });
});

describe('readXml()', () => {
  it('reads elements, texts and entities', () => {
    const xml =
      '<?xml version="1.0"?>\n<A xmlns="x"><B>1 &lt; 2</B><C/><B>&quot;e&#34;&#x22;</B></A>';
    const root = readXml(xml);

    expect(root?.name).toBe('A');
    expect(childText(root, 'B')).toBe('1 < 2');
    expect(childText(root, 'C')).toBe('');
    expect(root?.children.at(-1)?.text).toBe('"e""');
  });

  it.each(['', 'text', '<A>', '<A></B>', '<A', '</A>', '{"a":1}'])(
    'is undefined for %j',
    (text) => {
      expect(readXml(text)).toBeUndefined();
    },
  );

  it('reads any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '/', 'a', '&', ';', '#', '9') }),
        (text) => {
          readXml(text);
        },
      ),
    );
  });
});
