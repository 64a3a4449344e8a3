import { expect, it } from 'vitest';
import { PutError } from '../../../client/put/put-error.ts';
import { withRetry } from '../../../client/put/retry.ts';

/** Works on a clock of its own: each attempt takes `milliseconds`, and all but the last of `attempts` fail. */
async function work(attempts: number, milliseconds: number) {
  let time = 0;
  let done = 0;
  const attempt = async () => {
    time += milliseconds;
    done += 1;
    if (done < attempts) throw new PutError('unreachable', 'No answer.', { isTransient: true });
    return done;
  };
  const clock = {
    monotonic: () => time,
    sleep: async (pause: number) => {
      time += pause;
    },
  };
  return withRetry(attempt, { clock, random: { fraction: () => 1 }, milliseconds: 1_000 });
}

it('repeats an attempt that took longer than its patience', async () => {
  expect(await work(2, 5_000)).toBe(2);
});

it('gives up once attempts have failed for as long as its patience', async () => {
  await expect(work(3, 5_000)).rejects.toThrow('No answer.');
  expect(await work(2, 100)).toBe(2);
});
