/**
 * Stands in for `is-stream`, which the vendor's client asks about every parameter.
 *
 * @throws {Error} where a parameter is a stream, since the lean bundle cannot send one.
 */
export function isStream(value: unknown): false {
  if (typeof value === 'object' && value !== null && 'pipe' in value) refuseStream();
  return false;
}

/**
 * Stands in for `get-stream`, `form-data` and the answers that come as a stream of events.
 *
 * A function declaration, since some of them are called and some made with `new`.
 *
 * @throws {Error} always.
 */
export function refuseStream(): never {
  throw new Error(
    "The lean bundle of VOD's client has no streams: see tools/deploy/lean-sdk-plugin.ts.",
  );
}
