import { describe, expect, it } from 'vitest';
import type { FunctionState } from '../../../tools/deploy/cloud/function-state.ts';
import { readSettled, waitUntilActive } from '../../../tools/deploy/wait-until-active.ts';

/** Returns these states one after another, and then always the last one. */
function answer(...states: readonly (string | undefined)[]) {
  const left = [...states];
  return {
    readFunction: async (): Promise<FunctionState | undefined> => {
      const Status = left.length > 1 ? left.shift() : left[0];
      return Status === undefined ? undefined : { FunctionName: 'f', Status, StatusDesc: 'why' };
    },
  };
}

describe('readSettled()', () => {
  it('waits longer between reads until the change is over', async () => {
    const pauses: number[] = [];
    const scf = answer('Creating', 'Creating', 'Creating', 'Updating', 'Updating', 'Active');
    const state = await readSettled(scf, 'f', async (milliseconds) => pauses.push(milliseconds));

    expect(state?.Status).toBe('Active');
    expect(pauses).toEqual([200, 400, 800, 1_600, 2_000]);
  });

  it('returns undefined once a deleted function is gone', async () => {
    expect(await readSettled(answer('Deleting', undefined), 'f', async () => {})).toBeUndefined();
  });

  it('gives up after the last read', async () => {
    await expect(readSettled(answer('Updating'), 'f', async () => {})).rejects.toThrow(
      'f is still Updating after 180 seconds',
    );
  });
});

describe('waitUntilActive()', () => {
  it.each([
    ['UpdateFailed', 'f is UpdateFailed: why'],
    [undefined, 'f is gone'],
  ])('throws for the status %s', async (status, words) => {
    await expect(waitUntilActive(answer(status), 'f', async () => {})).rejects.toThrow(words);
  });
});
