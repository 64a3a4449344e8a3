import { describe, expect, it } from 'vitest';
import { readCursor, writeCursor } from '../../../lib/ledger/page.ts';

const encode = (text: string) => Buffer.from(text).toString('base64url');

describe('readCursor()', () => {
  it('reads what was written', () => {
    const cursor = [1769846400000, 'evt_1', 'https://example.com/hook'] as const;
    expect(readCursor(writeCursor(cursor), 3)).toEqual(cursor);
  });

  it.each([
    ['the first', 0],
    ['the last', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
  ])('accepts %s time that the database can store', (_what, time) => {
    expect(readCursor(writeCursor([time, 'x']), 2)).toEqual([time, 'x']);
  });

  it.each([
    '[8.64e15,"x"]',
    '[253402300800000,"x"]',
    '[-1,"x"]',
    '[-8.64e15,"x"]',
    '[1.5,"x"]',
    '["2026-01-31T08:00:00Z","x"]',
    '[null,"x"]',
    '[1e999,"x"]',
    '[1]',
    '[1,"x","y"]',
    '[1,2]',
    '[1,null]',
    '[1,["x"]]',
    '[1,"a\\u0000b"]',
    '[1,"\\ud800"]',
    '{"0":1,"1":"x","length":2}',
    '7',
    'null',
    '',
    'nothing',
    `[1,"${'x'.repeat(10_000)}"]`,
    `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  ])('refuses %s', (text) => {
    expect(() => readCursor(encode(text), 2)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        errors: [{ path: 'cursor', message: expect.any(String) }],
      }),
    );
  });
});
