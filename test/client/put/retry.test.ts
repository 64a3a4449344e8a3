import { expect, it } from 'vitest';
import { PutError } from '../../../client/put/put-error.ts';
import { withRetry } from '../../../client/put/retry.ts';
import { readRetryAfter } from '../../../client/put/retry-after.ts';

/** Works on a clock of its own: each attempt takes `milliseconds`, and all but the last of `attempts` fail. */
async function work(attempts: number, milliseconds: number, retryAfter?: number) {
  const pauses: number[] = [];
  let time = 0;
  let done = 0;
  const attempt = async () => {
    time += milliseconds;
    done += 1;
    if (done < attempts)
      throw new PutError('unreachable', 'No answer.', { isTransient: true, retryAfter });
    return done;
  };
  const clock = {
    monotonic: () => time,
    sleep: async (pause: number) => {
      pauses.push(pause);
      time += pause;
    },
  };
  const patience = { clock, random: { fraction: () => 1 }, milliseconds: 1_000 };
  return { done: await withRetry(attempt, patience), pauses };
}

it('repeats an attempt that took longer than its patience', async () => {
  expect((await work(2, 5_000)).done).toBe(2);
});

it('gives up once attempts have failed for as long as its patience', async () => {
  await expect(work(3, 5_000)).rejects.toThrow('No answer.');
  expect((await work(2, 100)).done).toBe(2);
});

it('waits for as long as the other side wants, unless that is longer than its patience', async () => {
  expect(await work(2, 100, 500)).toEqual({ done: 2, pauses: [750] });
  await expect(work(2, 100, 1_000)).rejects.toThrow('No answer.');
});

it.each([
  ['seconds', { 'retry-after': '7' }, 7_000],
  [
    'a date',
    { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT', date: 'Fri, 31 Dec 1999 23:59:49 GMT' },
    10_000,
  ],
  [
    'a date that has passed',
    { 'retry-after': 'Fri, 31 Dec 1999 23:59:49 GMT', date: 'Fri, 31 Dec 1999 23:59:59 GMT' },
    0,
  ],
  ['a word', { 'retry-after': 'soon', date: 'Fri, 31 Dec 1999 23:59:49 GMT' }, undefined],
  ['nothing', {}, undefined],
])('reads Retry-After with %s', (_, headers, milliseconds) => {
  expect(readRetryAfter({ headers })).toBe(milliseconds);
});
