import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  createParser,
  pageLimit,
  pageQuery,
  refuseOptions,
} from '../../../lib/validation/query.ts';

const parsePage = createParser(pageQuery);

/** Returns the errors of the Problem that `parse` throws. */
function errorsOf(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    return Reflect.get(Object(error), 'errors');
  }
}

describe('pageLimit()', () => {
  it.each([
    [100, ['1', '20', '99', '100'], ['', '0', '01', '101', '1000', '1.5', '-1', ' 1', '1e1']],
    [1_000, ['1', '999', '1000'], ['0', '1001', '9999', '10000', 'x']],
  ])('accepts whole numbers from 1 to %i', (max, right, wrong) => {
    const schema = pageLimit(max, 20);

    expect(right.map((text) => v.parse(schema, text))).toEqual(right.map(Number));
    expect(wrong.filter((text) => v.safeParse(schema, text).success)).toEqual([]);
    expect(v.parse(schema, undefined)).toBe(20);
  });
});

describe('createParser()', () => {
  it('names each parameter that is wrong or unknown', () => {
    expect(errorsOf(() => parsePage({ limit: '0', cursor: ['a', 'b'], curser: 'a' }))).toEqual([
      { path: 'limit', message: 'must be a whole number from 1 to 100' },
      { path: 'cursor', message: 'must be given only once' },
      { path: 'curser', message: 'is not a field here; did you mean cursor?' },
    ]);
    expect(parsePage({ cursor: 'a' })).toEqual({ limit: 20, cursor: 'a' });
  });

  it.each(['\0', '\ud800'])('accepts only text that the database can store (%j)', (cursor) => {
    expect(errorsOf(() => parsePage({ cursor }))).toEqual([
      { path: 'cursor', message: 'must be well-formed Unicode' },
    ]);
  });
});

describe('refuseOptions()', () => {
  it('accepts nothing', () => {
    expect(() => refuseOptions({})).not.toThrow();
    expect(errorsOf(() => refuseOptions({ limit: '1' }))).toMatchObject([{ path: 'limit' }]);
  });
});
