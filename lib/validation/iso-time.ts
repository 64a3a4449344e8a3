const ISO_TIME =
  /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Answers the Unix seconds of an ISO 8601 time with its zone, as `2026-01-31T08:00:00Z`, or undefined where `text` is
 * not one. A day that the month does not have is refused, where `Date` would count it into the next month.
 */
export function parseIsoTime(text: string): number | undefined {
  const day = ISO_TIME.exec(text)?.[1];
  if (day === undefined) return undefined;
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) {
    return undefined;
  }
  return Math.floor(Date.parse(text) / 1_000);
}

/** Answers Unix seconds as ISO 8601 in UTC, as `2026-01-31T08:00:00Z`. */
export function formatIsoTime(seconds: number): string {
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`;
}
