/**
 * Returns the error of this class that `run` throws. @throws any other error of `run`, or an Error if it throws
 * nothing.
 */
export function thrown<Thrown extends Error>(
  kind: abstract new (...args: never[]) => Thrown,
  run: () => unknown,
): Thrown {
  try {
    run();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error('Nothing was refused');
}
