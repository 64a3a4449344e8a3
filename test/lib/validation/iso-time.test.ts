import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatIsoTime,
  LAST_SECOND,
  parseIsoMilliseconds,
  parseIsoTime,
  readIsoTime,
} from '../../../lib/validation/iso-time.ts';

/** Times in many notations, all of them 2099-01-01T00:00:00Z. */
const NEW_YEAR_2099 = [
  // JavaScript: toISOString(), and Temporal's ZonedDateTime.
  '2099-01-01T00:00:00.000Z',
  '2099-01-01T09:00:00+09:00[Asia/Seoul]',
  // Java: Instant, OffsetDateTime and ZonedDateTime, which omit zeros, and SimpleDateFormat with Z and X.
  '2099-01-01T00:00:00Z',
  '2099-01-01T00:00:00.123456789Z',
  '2099-01-01T00:00Z',
  '2099-01-01T09:00+09:00',
  '2099-01-01T09:00+09:00[Asia/Seoul]',
  '2099-01-01T00:00Z[UTC]',
  '2099-01-01T09:00+09:00[GMT+09:00]',
  '2098-12-31T16:00:00-0800',
  '2098-12-31T16:00:00-08',
  // Python: isoformat(), with microseconds, with timespec='hours', str(), and strftime('%Y-%m-%dT%H:%M:%S%z').
  '2099-01-01T00:00:00+00:00',
  '2099-01-01T00:00:00.123456+00:00',
  '2099-01-01T00+00:00',
  '2099-01-01 00:00:00+00:00',
  '2099-01-01T08:00:00+0800',
  // Go: RFC3339Nano, which omits final zeros.
  '2099-01-01T00:00:00.1Z',
  '2099-01-01T05:30:00.12345678+05:30',
  // C#: "o" and "u".
  '2099-01-01T00:00:00.0000000Z',
  '2099-01-01T08:00:00.0000000+08:00',
  '2099-01-01 00:00:00Z',
  // PHP: DATE_ATOM, DATE_ISO8601 and 'p'.
  '2099-01-01T02:00:00+02:00',
  '2099-01-01T02:00:00+0200',
  // PostgreSQL: timestamptz as text.
  '2099-01-01 00:00:00+00',
  '2099-01-01 05:45:00.25+05:45',
  // Lower case, of RFC 3339.
  '2099-01-01t00:00:00z',
  // A comma and the basic format, of ISO 8601.
  '2099-01-01T00:00:00,5Z',
  '20990101T000000Z',
  '20990101T0000Z',
  '20990101T080000.123+0800',
  // The unknown offset of RFC 3339.
  '2099-01-01T00:00:00-00:00',
];

describe('readIsoTime()', () => {
  it.each(NEW_YEAR_2099)('reads %s', (text) => {
    expect(readIsoTime(text)).toEqual({ seconds: Date.UTC(2099, 0, 1) / 1_000 });
  });

  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2024-02-29T12:00:00Z', 1709208000],
    ['2026-01-31T08:00:00+08:00', 1769817600],
    ['2026-01-31T08:00:00.999Z', 1769846400],
    // The leap second of 2016, in UTC and in Seoul, equals the second after it.
    ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1) / 1_000],
    ['2017-01-01T08:59:60.5+09:00', Date.UTC(2017, 0, 1) / 1_000],
    ['9999-12-31T23:59:59Z', LAST_SECOND],
    ['9999-12-31T23:59:59.999+00:00', 253402300799],
  ])('reads %s as %d', (text, seconds) => {
    expect(parseIsoTime(text)).toBe(seconds);
  });

  it.each([
    // Dates and hours that do not exist, some of which Date reads as others.
    ['2099-02-29T00:00:00Z', 'exists'],
    ['2099-02-30T00:00:00Z', 'exists'],
    // Years that the database does not accept, or that make no sense here.
    ['0000-01-01T00:00:00Z', 'from 1970 to 9999'],
    ['0000-01-01T00:00:00+14:00', 'from 1970 to 9999'],
    ['1969-12-31T23:59:59Z', 'from 1970 to 9999'],
    ['1970-01-01T00:00:00+00:01', 'from 1970 to 9999'],
    ['2099-04-31T00:00:00Z', 'exists'],
    ['2099-13-01T00:00:00Z', 'exists'],
    ['2099-00-10T00:00:00Z', 'exists'],
    ['2099-01-00T00:00:00Z', 'exists'],
    ['20990230T000000Z', 'exists'],
    ['2099-01-31T24:00:00Z', 'exists'],
    ['2099-01-31T25:00:00Z', 'exists'],
    ['2099-01-31T08:60:00Z', 'exists'],
    ['2099-01-31T08:00:61Z', 'exists'],
    ['2099-01-31T08:00:60Z', 'exists'],
    ['2099-01-31T23:59:60+09:00', 'exists'],
    ['2099-01-31T08:00:00+24:00', 'exists'],
    ['2099-01-31T08:00:00+08:60', 'exists'],
    ['9999-12-31T23:59:59-08:00', 'exists'],
    ['9999-12-31T23:59:60Z', 'exists'],
    // Times without a zone.
    ['2099-01-31T08:00:00', 'zone at its end'],
    ['2099-01-31 08:00:00', 'zone at its end'],
    ['2099-01-31T08:00', 'zone at its end'],
    ['2099-01-31T08:00:00.000', 'zone at its end'],
    ['2099-01-31T08:00:00[Asia/Seoul]', 'zone at its end'],
    ['20990131T080000', 'zone at its end'],
    ['2099-01-31', 'ISO 8601'],
    ['20990131', 'ISO 8601'],
    // Other formats.
    ['', 'ISO 8601'],
    ['4073529600', 'ISO 8601'],
    [' 2099-01-31T08:00:00Z', 'ISO 8601'],
    ['2099-01-31T08:00:00Z\n', 'ISO 8601'],
    ['2099-01-31T08:00:00 Z', 'ISO 8601'],
    ['2099-01-31  08:00:00Z', 'ISO 8601'],
    ['2099-01-31T08:00:00.Z', 'ISO 8601'],
    ['2099-01-31T08:00:00.1234567890Z', 'ISO 8601'],
    ['2099-01-31T08:00:00UTC', 'ISO 8601'],
    ['2099-01-31T08:00:00+8', 'ISO 8601'],
    ['2099-01-31T08:00:00+08:00:00', 'ISO 8601'],
    ['2099-01-31T08:00:00Z[Asia/Seoul', 'ISO 8601'],
    ['2099-01-31T08:00:00Z[!Asia/Seoul]', 'ISO 8601'],
    ['2099-0131T08:00:00Z', 'ISO 8601'],
    ['2099-1-31T08:00:00Z', 'ISO 8601'],
    ['99-01-31T08:00:00Z', 'ISO 8601'],
    ['2099-W05-6T08:00:00Z', 'ISO 8601'],
    ['2099-031T08:00:00Z', 'ISO 8601'],
    ['+002099-01-31T08:00:00Z', 'ISO 8601'],
    ['-2099-01-31T08:00:00Z', 'ISO 8601'],
    ['２０９９-01-31T08:00:00Z', 'ISO 8601'],
    ['Sat, 31 Jan 2099 08:00:00 GMT', 'ISO 8601'],
    ['01/31/2099 08:00:00', 'ISO 8601'],
  ])('refuses %j and explains what is missing', (text, what) => {
    const read = readIsoTime(text);

    expect(read).toEqual({ reason: expect.stringContaining(what) });
    expect(parseIsoTime(text)).toBeUndefined();
  });

  it('reads no time as another one, in any zone', () => {
    const zone = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 250_000_000_000 }), zone, (seconds, minutes) => {
        const local = formatIsoTime(seconds + minutes * 60).slice(0, -1);
        const hours = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0');
        const rest = String(Math.abs(minutes) % 60).padStart(2, '0');
        const sign = minutes < 0 ? '-' : '+';

        expect(parseIsoTime(`${local}${sign}${hours}:${rest}`)).toBe(seconds);
        expect(parseIsoTime(`${local}${sign}${hours}${rest}`)).toBe(seconds);
      }),
    );
  });

  it('reverses formatIsoTime()', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        expect(parseIsoTime(formatIsoTime(seconds))).toBe(seconds);
      }),
    );
  });
});

describe('parseIsoMilliseconds()', () => {
  it.each([
    ['1970-01-01T00:00:01.5Z', 1_000],
    ['2027-01-15T08:00:00+08:00', 1_799_971_200_000],
    ['2027-01-15', undefined],
    ['', undefined],
    [undefined, undefined],
    [1_799_971_200, undefined],
  ])('reads %j as %j', (text, milliseconds) => {
    expect(parseIsoMilliseconds(text)).toBe(milliseconds);
  });
});
