import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import type { RateLimit } from '../../../lib/system.ts';
import { clock } from '../../../lib/system.ts';
import { type CallOptions, callVod } from '../../../lib/vod/call.ts';

const INTERNAL_ERROR = { code: 'InternalError', requestId: 'request-1' };
const LIMITED = { code: 'RequestLimitExceeded', requestId: 'request-1' };
const REFUSED = { code: 'InvalidParameterValue.MediaUrl', requestId: 'request-1' };

interface Run {
  readonly outcome: unknown;
  readonly tries: number;
  readonly pauses: readonly number[];
}

/** Runs a call whose attempts throw `failures` one after another and then succeed. */
async function run(
  failures: readonly unknown[],
  options: CallOptions = {},
  random = 1,
  rateLimit?: RateLimit,
): Promise<Run> {
  const pauses: number[] = [];
  let tries = 0;
  const send = async () => {
    tries += 1;
    const failure = failures[tries - 1];
    if (failure !== undefined) throw failure;
    return 'answer';
  };
  const attempt = { send, timeLimit: 1_000 };
  const pause = async (milliseconds: number) => {
    pauses.push(milliseconds);
  };
  const outcome = await callVod(
    rateLimit === undefined ? attempt : { ...attempt, rateLimit },
    { clock: { sleep: pause }, random: { fraction: () => random } },
    options,
  ).catch((error: unknown) => (error instanceof Problem ? error.code : error));
  return { outcome, tries, pauses };
}

describe('callVod()', () => {
  it('returns immediately if nothing fails', async () => {
    expect(await run([])).toEqual({ outcome: 'answer', tries: 1, pauses: [] });
  });

  it.each([
    ['an error of VOD', INTERNAL_ERROR, [250, 500]],
    ['a rate limit of VOD', LIMITED, [1_000, 2_000]],
    ['an HTTP status 500', { httpCode: 500 }, [250, 500]],
    ['an HTTP status 429', { httpCode: 429 }, [1_000, 2_000]],
    ['a broken connection', new Error('socket hang up'), [250, 500]],
    ['an unreadable answer', new SyntaxError('Unexpected token'), [250, 500]],
  ])('retries %s after growing pauses', async (_name, failure, pauses) => {
    expect(await run([failure, failure])).toEqual({ outcome: 'answer', tries: 3, pauses });
  });

  it('spreads pauses over their whole length', async () => {
    expect((await run([INTERNAL_ERROR, INTERNAL_ERROR], {}, 0.25)).pauses).toEqual([62.5, 125]);
    expect((await run([INTERNAL_ERROR, INTERNAL_ERROR], {}, 0)).pauses).toEqual([0, 0]);
  });

  it('throws the third error', async () => {
    const run3 = await run([INTERNAL_ERROR, LIMITED, INTERNAL_ERROR]);

    expect(run3).toEqual({ outcome: 'upstream_failed', tries: 3, pauses: [250, 2_000] });
  });

  it.each([
    ['a refusal', REFUSED, 'upstream_rejected'],
    ['a denial', { code: 'AuthFailure.TokenFailure' }, 'upstream_denied'],
    ['a quota', { code: 'LimitExceeded' }, 'upstream_busy'],
    ['an HTTP status 403', { httpCode: 403 }, 'upstream_failed'],
  ])('does not retry %s', async (_name, failure, code) => {
    expect(await run([failure])).toEqual({ outcome: code, tries: 1, pauses: [] });
  });

  it('does not pause longer than the time that is left', async () => {
    const enough = await run([LIMITED], { deadline: { left: () => 1_700 } });
    const short = await run([LIMITED], { deadline: { left: () => 1_699 } });

    expect(enough.tries).toBe(2);
    expect(short).toEqual({ outcome: 'upstream_busy', tries: 1, pauses: [] });
  });

  it('sends nothing if no time is left for an answer', async () => {
    const run1 = await run([], { deadline: { left: () => 699 } });

    expect(run1).toEqual({ outcome: 'upstream_busy', tries: 0, pauses: [] });
  });

  it('throws the previous error if no time is left for another attempt', async () => {
    const left = [2_000, 2_000, 100];
    const run1 = await run([INTERNAL_ERROR], { deadline: { left: () => left.shift() ?? 0 } });

    expect(run1).toMatchObject({ outcome: 'upstream_failed', tries: 1 });
  });

  it('needs no abort signal if the attempt ends in time', async () => {
    const given: unknown[] = [];
    const send = async (signal?: AbortSignal) => {
      given.push(signal);
    };
    for (const left of [1_500, 1_499]) {
      await callVod(
        { send, timeLimit: 1_000 },
        { clock: { sleep: async () => {} }, random: { fraction: () => 1 } },
        { deadline: { left: () => left } },
      );
    }

    expect(given).toEqual([undefined, expect.any(AbortSignal)]);
  });

  it('limits an attempt to the time that is left', async () => {
    const never = (signal?: AbortSignal) =>
      new Promise<never>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('The user aborted a request.')));
      });
    const call = callVod(
      { send: never, timeLimit: 60_000 },
      { clock: { sleep: async () => {} }, random: { fraction: () => 1 } },
      { deadline: { left: () => 701 } },
    );

    await expect(call).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  it('takes a rate limit turn for every attempt', async () => {
    const turns: string[] = [];
    await run([INTERNAL_ERROR, INTERNAL_ERROR], {}, 1, {
      tryTurn: () => turns.push('tried') === 1,
      takeTurn: async () => {
        turns.push('taken');
      },
    });

    expect(turns).toEqual(['tried', 'tried', 'taken', 'tried', 'taken']);
  });

  it('does not wait for a turn longer than the time that is left', async () => {
    const run1 = await run([], { deadline: { left: () => 510 } }, 1, {
      tryTurn: () => false,
      takeTurn: (signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
    });

    expect(run1).toEqual({ outcome: 'upstream_busy', tries: 0, pauses: [] });
  });

  it('does nothing if its signal was already aborted', async () => {
    const reason = new Error('gone');
    const run1 = await run([], { signal: AbortSignal.abort(reason) });

    expect(run1).toEqual({ outcome: reason, tries: 0, pauses: [] });
  });

  it('throws the reason of the signal, not the error of its timer', async () => {
    const controller = new AbortController();
    const reason = new Error('gone');
    const call = callVod(
      { send: () => Promise.reject(INTERNAL_ERROR), timeLimit: 1_000 },
      {
        clock: {
          sleep: (_milliseconds, signal) => {
            controller.abort(reason);
            return clock.sleep(60_000, signal);
          },
        },
        random: { fraction: () => 1 },
      },
      { signal: controller.signal },
    );

    await expect(call).rejects.toBe(reason);
  });

  it('throws the reason of the signal, not the error that the abort causes', async () => {
    const controller = new AbortController();
    const reason = new Error('gone');
    const send = async () => {
      controller.abort(reason);
      throw new Error('The user aborted a request.');
    };
    const call = callVod(
      { send, timeLimit: 1_000 },
      { clock: { sleep: async () => {} }, random: { fraction: () => 1 } },
      { signal: controller.signal },
    );

    await expect(call).rejects.toBe(reason);
  });

  it('leaves no timer running', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
    const before = timers();

    await run([], { deadline: { left: () => 1_200 } });

    expect(timers()).toEqual(before);
  });

  it('starts an attempt with 200 ms left, and none with less', async () => {
    expect(await run([], { deadline: { left: () => 700 } })).toMatchObject({ tries: 1 });
    expect(await run([], { deadline: { left: () => 699 } })).toMatchObject({ tries: 0 });
  });
});
