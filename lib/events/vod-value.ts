/** Answers a text of VOD's; an empty one is one that VOD left out. */
export function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Answers a whole number of VOD's that JSON carries exactly. */
export function readWhole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** Returns an amount of VOD's, such as bytes or seconds: a number that is finite and not below 0. */
export function readAmount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
