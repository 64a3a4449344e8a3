import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { atEitherTime, createClock } from '../../../../tools/local/emulator/clock.ts';

const BEGIN = Date.parse('2026-03-01T10:00:00.400Z');
const HOUR = 3_600_000;

let machine: number;
const machineNow = () => new Date(machine);
const never = new AbortController().signal;

beforeEach(() => {
  machine = BEGIN;
});

describe('a clock', () => {
  it('shows the time of the machine until it is moved, and then goes on from there', () => {
    const clock = createClock(machineNow);
    expect(clock.now()).toEqual(machineNow());

    clock.advance(HOUR);
    clock.advance(HOUR);
    machine += 5_000;

    expect(clock.now().getTime()).toBe(BEGIN + 2 * HOUR + 5_000);
    expect(clock.callersNow().getTime()).toBe(BEGIN + 5_000);
  });

  it('is not moved back, or close to the last year that ISO 8601 can write', () => {
    const clock = createClock(machineNow);
    const tooFar = Date.parse('9999-01-01T00:00:00Z') - BEGIN;

    for (const milliseconds of [0, -1, Number.NaN, tooFar]) {
      expect(() => clock.advance(milliseconds)).toThrow(RangeError);
    }
    expect(clock.moves()).toEqual([]);
    clock.advance(tooFar - 10_000);
  });

  it('continues where another one was', () => {
    const before = createClock(machineNow);
    before.advance(HOUR);

    const clock = createClock(machineNow, before.moves());

    expect(clock.now().getTime()).toBe(BEGIN + HOUR);
  });

  it('is set to the time of the machine again', () => {
    const clock = createClock(machineNow);
    clock.advance(HOUR);

    clock.reset();

    expect(clock.now()).toEqual(machineNow());
    expect(clock.moves()).toEqual([]);
  });
});

describe('waits of a clock', () => {
  it('are over when the clock is moved past their end, the earliest first; others continue', async () => {
    const clock = createClock(machineNow);
    const ended: string[] = [];
    const start = (what: string, milliseconds: number) =>
      clock.wait(milliseconds, { signal: never, ref: false, what }).then(() => ended.push(what));
    void start('two hours', 2 * HOUR);
    void start('one hour', HOUR);
    void start('three hours', 3 * HOUR);
    void clock.wait(HOUR, { signal: never, ref: false }).then(() => ended.push('without a name'));

    expect(clock.advance(2.5 * HOUR)).toEqual(['one hour', 'two hours']);
    await setImmediate();
    expect(ended.toSorted()).toEqual(['one hour', 'two hours', 'without a name']);

    expect(clock.advance(HOUR)).toEqual(['three hours']);
  });

  it('say by how much the clock went further, so that the next of a series is not late', async () => {
    const clock = createClock(machineNow);
    const first = clock.wait(HOUR, { signal: never, ref: false });

    clock.advance(5 * HOUR);

    const late = await first;
    expect(late).toBeGreaterThan(3.9 * HOUR);
    expect(late).toBeLessThan(4.1 * HOUR);
    expect(await clock.wait(HOUR - late, { signal: never })).toBeGreaterThan(2.9 * HOUR);
  });

  it('end by themselves without a move', async () => {
    const clock = createClock(machineNow);

    expect(await clock.wait(1, { signal: never })).toBeGreaterThanOrEqual(0);
    expect(clock.advance(HOUR)).toEqual([]);
  });

  it('are interrupted by their signal, before or while they last', async () => {
    const clock = createClock(machineNow);
    const closing = new AbortController();
    const waiting = clock.wait(HOUR, { signal: closing.signal, what: 'interrupted' });

    closing.abort(new Error('closed'));

    await expect(waiting).rejects.toThrow('closed');
    await expect(clock.wait(0, { signal: closing.signal })).rejects.toThrow('closed');
    expect(clock.advance(2 * HOUR)).toEqual([]);
  });
});

describe('times that callers write', () => {
  it('count by the moves before them, from the full second at which a move is settled', async () => {
    const clock = createClock(machineNow);
    const at = (offset: number) => clock.aheadAt(new Date(BEGIN + offset));
    clock.advance(HOUR);
    machine += 100_000;
    clock.advance(HOUR);
    machine += 100_000;

    // The second in which the clock was moved belongs to the time before.
    expect([at(-1_000), at(-400), at(599)]).toEqual([0, 0, 0]);
    expect([at(600), at(99_000), at(100_599)]).toEqual([HOUR, HOUR, HOUR]);
    expect([at(100_600), at(200_000)]).toEqual([2 * HOUR, 2 * HOUR]);
  });

  it('were read from the moved clock if no clock of a caller can show them yet', () => {
    const clock = createClock(machineNow);
    clock.advance(HOUR);

    expect(clock.aheadAt(new Date(BEGIN + 600_000))).toBe(HOUR);
    expect(clock.aheadAt(new Date(BEGIN + HOUR))).toBe(0);
  });

  it('may be right by either clock', () => {
    const clock = createClock(machineNow);
    const check = (right: number) => () =>
      atEitherTime(clock, (time) => {
        if (time.getTime() !== right) throw new Error('wrong');
        return 'right';
      });
    clock.advance(HOUR);

    expect(check(BEGIN)()).toBe('right');
    expect(check(BEGIN + HOUR)()).toBe('right');
    expect(check(BEGIN + HOUR / 2)).toThrow('wrong');
  });

  it('of the second of a move are past when it is settled', async () => {
    const clock = createClock();
    clock.advance(HOUR);

    await clock.settled();

    expect(clock.aheadAt(clock.callersNow())).toBe(HOUR);
    expect(clock.aheadAt(new Date(Math.floor(Date.now() / 1_000) * 1_000))).toBe(HOUR);
  });
});
