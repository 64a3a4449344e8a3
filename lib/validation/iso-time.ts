/**
 * A time as programs write it: that of RFC 3339 (https://www.rfc-editor.org/rfc/rfc3339#section-5.6), and also
 * - without seconds, as Java's `OffsetDateTime` leaves out zeros, or without minutes, as Python's `isoformat` can;
 * - with a space for the T, as Python's `str()` and PostgreSQL write it;
 * - with a zone such as `+0800` or `+08`, as `strftime`, PHP and PostgreSQL write it;
 * - with a comma before the fraction, and without dashes and colons: ISO 8601 itself allows both;
 * - with the zone's name after its offset, as Java's `ZonedDateTime` writes it. The offset is what counts:
 *   https://www.rfc-editor.org/rfc/rfc9557#section-3.4.
 */
const ISO_TIME =
  /^(?<year>\d{4})(?<dash>-?)(?<month>\d\d)\k<dash>(?<day>\d\d)[Tt ](?<hour>\d\d)(?:(?<colon>:?)(?<minute>\d\d)(?:\k<colon>(?<second>\d\d)(?:[.,]\d{1,9})?)?)?(?<zone>[Zz]|(?<sign>[+-])(?<hours>\d\d)(?::?(?<minutes>\d\d))?)?(?:\[[\w+\-/:.~]{1,64}\])?$/;

/** Unix seconds at which the first year of five digits begins, which neither VOD nor this format can write. */
const YEAR_10000 = 253_402_300_800;

/** Unix seconds of the last second that this format can write. */
export const LAST_SECOND = YEAR_10000 - 1;

const MALFORMED = 'must be an ISO 8601 time with its zone, such as 2099-01-01T00:00:00Z';
const NO_ZONE = 'must have a zone at its end, Z or an offset, such as 2099-01-01T00:00:00Z';
const IMPOSSIBLE = 'must be a time that exists, of a year from 1970 to 9999';

/** A text read as a time: Unix seconds, or what is wrong with it, to follow the name of the field. */
export type IsoTime = { readonly seconds: number } | { readonly reason: string };

/**
 * Reads `text` as a time of ISO 8601 with its zone, such as `2026-01-31T08:00:00Z`. Fractions of a second are cut off.
 * Times that do not exist are refused, though `Date` would read some of them as other times; times before 1970 are
 * refused too.
 */
export function readIsoTime(text: string): IsoTime {
  const parts = ISO_TIME.exec(text)?.groups;
  if (parts === undefined) return { reason: MALFORMED };
  if (parts['zone'] === undefined) return { reason: NO_ZONE };
  const seconds = countSeconds(parts);
  return seconds === undefined ? { reason: IMPOSSIBLE } : { seconds };
}

/** Returns the Unix seconds of {@link readIsoTime}, or undefined if `text` is not such a time. */
export function parseIsoTime(text: string): number | undefined {
  const read = readIsoTime(text);
  return 'seconds' in read ? read.seconds : undefined;
}

/** Returns a time in Unix milliseconds, or undefined if `text` is not one that {@link readIsoTime} reads. */
export function parseIsoMilliseconds(text: unknown): number | undefined {
  const seconds = typeof text === 'string' ? parseIsoTime(text) : undefined;
  return seconds === undefined ? undefined : seconds * 1_000;
}

/**
 * The last result of {@link formatIsoTime}: signatures of one second mostly expire in one second, and `Date` is slow.
 */
let lastTime = writeTime(0);

/** Returns Unix seconds as ISO 8601 in UTC, such as `2026-01-31T08:00:00Z`. */
export function formatIsoTime(seconds: number): string {
  if (seconds !== lastTime.seconds) lastTime = writeTime(seconds);
  return lastTime.text;
}

function writeTime(seconds: number) {
  return { seconds, text: `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z` };
}

type Parts = Readonly<Record<string, string | undefined>>;

/** Returns the Unix seconds of a time, or undefined if there is no such time. */
function countSeconds(parts: Parts): number | undefined {
  const { year, month, day, hour, minute = '00', second = 0 } = parts;
  const local = `${year}-${month}-${day}T${hour}:${minute}`;
  const milliseconds = Date.parse(`${local}Z`);
  // `Date` reads 24:00 as the next day, and the 30th of February as a day in March.
  const exists =
    !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().startsWith(local);
  if (!exists || Number(second) > 60) return undefined;
  const seconds = milliseconds / 1_000 + Number(second) - readOffset(parts);
  // A leap second is the last one of a day in UTC, and has the same number as the one after it.
  if (second === '60' && seconds % 86_400 !== 0) return undefined;
  return seconds >= 0 && seconds < YEAR_10000 ? seconds : undefined;
}

/** Returns by how many seconds a zone is ahead of UTC, or `NaN` if there is no such zone. */
function readOffset(parts: Parts): number {
  const { sign, hours = 0, minutes = 0 } = parts;
  if (Number(hours) > 23 || Number(minutes) > 59) return Number.NaN;
  const seconds = Number(hours) * 3_600 + Number(minutes) * 60;
  return sign === '-' ? -seconds : seconds;
}
