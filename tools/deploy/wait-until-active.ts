import type { FunctionState } from './cloud/function-state.ts';
import type { Scf } from './cloud/scf.ts';
import { DeployError } from './deploy-error.ts';

/** States that end by themselves: https://cloud.tencent.com/document/product/583/47175. */
const TRANSIENT = new Set(['Creating', 'Updating', 'Publishing', 'Deleting']);

/** Milliseconds between two calls: short at first, since most changes take a second or two. */
const FIRST_PAUSE = 200;
const MAX_PAUSE = 2_000;
/** Milliseconds after which a change counts as stuck; creating a function in a private network takes the longest. */
const PATIENCE = 180_000;

/** Waits that many milliseconds. */
export type Pause = (milliseconds: number) => Promise<unknown>;

/**
 * Waits until the cloud has finished changing a function, and returns its state; undefined where there is none.
 *
 * @throws {DeployError} where that takes too long.
 */
export async function readSettled(
  scf: Pick<Scf, 'readFunction'>,
  name: string,
  pause: Pause,
): Promise<FunctionState | undefined> {
  let waited = 0;
  for (let step = FIRST_PAUSE; ; step = Math.min(step * 2, MAX_PAUSE)) {
    const state = await scf.readFunction(name);
    if (state === undefined || !TRANSIENT.has(state.Status)) return state;
    if (waited >= PATIENCE) {
      throw new DeployError(
        `${name} is still ${state.Status} after ${PATIENCE / 1_000} seconds: deploy again later.`,
      );
    }
    await pause(step);
    waited += step;
  }
}

/**
 * Waits until a changed function can be called; the cloud accepts the next change only then.
 *
 * @throws {DeployError} where the change failed.
 */
export async function waitUntilActive(
  scf: Pick<Scf, 'readFunction'>,
  name: string,
  pause: Pause,
): Promise<void> {
  const state = await readSettled(scf, name, pause);
  if (state?.Status === 'Active') return;
  throw new DeployError(
    state === undefined
      ? `${name} is gone: something else deletes functions at the same time.`
      : `${name} is ${state.Status}: ${state.StatusDesc || 'the cloud does not say why'}`,
  );
}
