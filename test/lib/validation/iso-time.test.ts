import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIsoTime, parseIsoTime } from '../../../lib/validation/iso-time.ts';

describe('parseIsoTime()', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['2024-02-29T12:00:00Z', 1709208000],
    ['2026-01-31T08:00:00+08:00', 1769817600],
    ['2026-01-31T08:00:00.999Z', 1769846400],
  ])('reads %s', (text, seconds) => {
    expect(parseIsoTime(text)).toBe(seconds);
  });

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T08:60:00Z',
    '2026-01-31T08:00:00',
    '2026-01-31 08:00:00Z',
    '2026-01-31',
    '1767225600',
    '',
    ' 2026-01-31T08:00:00Z',
    '+002026-01-31T08:00:00Z',
  ])('refuses %j', (text) => {
    expect(parseIsoTime(text)).toBeUndefined();
  });

  it('undoes formatIsoTime()', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        expect(parseIsoTime(formatIsoTime(seconds))).toBe(seconds);
      }),
    );
  });
});
