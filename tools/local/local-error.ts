/** Why the stack was not started and what to do about it, in a sentence without secrets. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
}
