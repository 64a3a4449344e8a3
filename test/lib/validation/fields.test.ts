import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { refuseFields } from '../../../lib/problem.ts';
import {
  checkFields,
  findUnknownFields,
  storageRegion,
  subAppId,
  text,
} from '../../../lib/validation/fields.ts';
import { defined } from '../../../lib/validation/json-object.ts';
import { explainCoverUrl } from '../../../lib/validation/public-url.ts';

describe('subAppId', () => {
  it.each([1, '1500000001', 999_999_999_999_999])('reads %j', (value) => {
    expect(v.parse(subAppId, value)).toBe(Number(value));
  });

  it.each([0, '01', -1, 1.5, 1e15, '1x', 'x1', '', [1], true, null])('refuses %j', (value) => {
    expect(v.safeParse(subAppId, value).issues).toMatchObject([
      { message: 'must be the number that the VOD console shows' },
    ]);
  });
});

it.each([
  [text(5), null],
  [storageRegion, 7],
])('requires a string (%#)', (schema, value) => {
  expect(v.safeParse(schema, value).issues).toMatchObject([{ message: 'must be a string' }]);
});

describe('checkFields()', () => {
  it.each([
    [[], '; it is a list'],
    ['{}', '; it is a string, as of an object that was written as JSON twice'],
    [null, ''],
  ])('explains that %j is not an object', (input, what) => {
    expect(checkFields(v.object({}), input, () => []).errors).toEqual([
      { path: '', message: `must be a JSON object${what}` },
    ]);
  });

  it('reports the mistakes of all fields together', () => {
    const schema = v.pipe(
      v.object({}),
      v.check(() => false, 'must be another'),
    );

    expect(checkFields(schema, {}, () => []).errors).toEqual([
      { path: '', message: 'must be another' },
    ]);
  });
});

describe('findUnknownFields()', () => {
  it('shortens long names, and suggests fields for the first hundred', () => {
    const names = Array.from({ length: 101 }, (_, index) => `class_id${'_'.repeat(index)}`);
    const errors = findUnknownFields(Object.fromEntries(names.map((name) => [name, 0])), {
      classId: 0,
    });

    expect(errors.map(({ path }) => path)).toEqual(names.map((name) => name.slice(0, 64)));
    expect(errors.map(({ message }) => message)).toEqual([
      ...Array.from({ length: 100 }, () => 'is not a field here; did you mean classId?'),
      'is not a field here; the fields are classId',
    ]);
  });
});

describe('refuseFields()', () => {
  const errors = Array.from({ length: 101 }, (_, index) => ({ path: `p${index}`, message: 'no' }));

  it.each([
    [undefined, 100],
    [200, 100],
    [7, 7],
  ])('lists at most %s errors, and the number of all', (most, count) => {
    const problem = refuseFields(errors, most);

    expect(problem.message).toBe('Cannot accept the request: "p0" no (and 100 more)');
    expect(problem.errors).toEqual(errors.slice(0, count));
  });

  it.each([
    [[], 'Cannot accept the request.'],
    [errors.slice(0, 1), 'Cannot accept the request: "p0" no'],
    [[{ path: '', message: 'must be another' }], 'The body must be another.'],
  ])('explains %j', (list, message) => {
    expect(refuseFields(list).message).toBe(message);
  });
});

describe('defined()', () => {
  it('leaves out undefined fields only', () => {
    expect(Object.keys(defined({ a: undefined, b: null, c: 0, d: '' }))).toEqual(['b', 'c', 'd']);
  });
});

describe('explainCoverUrl()', () => {
  it.each([
    ['https://media.example.com/cover.png', undefined],
    ['http://media.example.com/cover.png', 'must begin with https://'],
    ['ftp://media.example.com/cover.png', 'must begin with http:// or https:// and a host'],
  ])('explains %s: %s', (url, reason) => {
    expect(explainCoverUrl(url)).toBe(reason);
  });
});
