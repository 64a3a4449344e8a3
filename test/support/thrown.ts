/** Returns the error of this class that `run` throws. @throws whatever else it throws, or an Error where it throws nothing. */
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
