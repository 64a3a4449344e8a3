/** Longest time that a consumer may ask for in seconds: a day, the longest pause there is anyway. */
const MAX_SECONDS = 24 * 60 * 60;

/**
 * Returns the seconds that a `Retry-After` asks for, or undefined where it says nothing.
 *
 * @param now Unix milliseconds.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function readRetryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_SECONDS);
  // Dates have a weekday first; without it, `Date.parse` takes nearly anything for one.
  const time = /^[A-Z][a-z]+, /.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) return undefined;
  return Math.min(Math.max(0, Math.ceil((time - now) / 1_000)), MAX_SECONDS);
}
