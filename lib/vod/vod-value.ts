/** Ids are indexed, and an index takes no long ones: https://www.postgresql.org/docs/current/btree.html. */
const ID = /^[\w.:-]{1,128}$/;

/** Returns `value` where it has the form of an id of VOD's. */
export function readId(value: unknown): string | undefined {
  return typeof value === 'string' && ID.test(value) ? value : undefined;
}

/** Returns a text of VOD's; an empty one is one that VOD left out. */
export function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Returns a whole number of VOD's that JSON carries exactly. */
export function readWhole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** Returns an amount of VOD's, such as bytes or seconds: a number that is finite and not below 0. */
export function readAmount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
