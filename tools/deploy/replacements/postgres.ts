/**
 * Replaces the driver's logical replication, for which it prepares a second client with each one.
 *
 * @returns what `sql.subscribe()` calls.
 */
export function prepareSubscription(): () => never {
  return refuseDriverPart;
}

/**
 * Replaces what the driver has for large objects.
 *
 * @throws {Error} always.
 */
export function refuseDriverPart(): never {
  throw new Error(
    'It leaves replication and large objects out: see tools/deploy/lean-packages-plugin.ts.',
  );
}
