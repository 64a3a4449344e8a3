/** Answers a text of VOD's; an empty one is one that VOD left out. */
export function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Answers a whole number of VOD's that JSON carries exactly. */
export function readWhole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** Answers a number of VOD's. */
export function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
