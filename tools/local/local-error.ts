/** Says in a sentence why nothing was started and what to do about it; its text has no secrets. */
export class LocalError extends Error {
  override readonly name = 'LocalError';
}
