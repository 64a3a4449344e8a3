/**
 * Stands in for `is-stream`, which the vendor's client asks about every parameter.
 *
 * @throws {Error} where a parameter is a stream, since none can be sent.
 */
export function isStream(value: unknown): false {
  if (typeof value === 'object' && value !== null && 'pipe' in value) refuseStream();
  return false;
}

/**
 * Stands in for `get-stream` and `form-data`, for the SDK's answers that come as a stream of events, and for the
 * streams by which middy answers on another platform.
 *
 * A function declaration, since some of them are called and some made with `new`.
 *
 * @throws {Error} always.
 */
export function refuseStream(): never {
  throw new Error('It leaves streams out: see tools/deploy/lean-packages-plugin.ts.');
}
