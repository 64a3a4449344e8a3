/**
 * Replaces `is-stream`, which the vendor's client calls with every parameter.
 *
 * @throws {Error} where a parameter is a stream, which cannot be sent.
 */
export function isStream(value: unknown): false {
  if (typeof value === 'object' && value !== null && 'pipe' in value) refuseStream();
  return false;
}

/**
 * Replaces `get-stream` and `form-data`, the SDK's answers that are a stream of events, and the streams with which
 * middy answers on another platform.
 *
 * It is a function declaration, since some of them are called and some are created with `new`.
 *
 * @throws {Error} always.
 */
export function refuseStream(): never {
  throw new Error('It leaves streams out: see tools/deploy/lean-packages-plugin.ts.');
}
