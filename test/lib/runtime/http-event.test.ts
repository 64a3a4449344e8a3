import { describe, expect, it } from 'vitest';
import { readPath, readQueryFields } from '../../../lib/runtime/http-event.ts';

describe('readPath()', () => {
  const apiGateway = { requestContext: { stage: 'release' } };

  it.each([
    [{ path: '/uploads/a/events' }, ['a', 'events']],
    [{ path: '/uploads' }, []],
    [{ path: '/a/events/' }, ['a', 'events']],
    [{ path: '/' }, []],
    [{ ...apiGateway, path: '/release/uploads/a' }, ['a']],
    [{ ...apiGateway, path: '/release/a' }, ['a']],
    [{ ...apiGateway, path: '/uploads/release' }, ['release']],
    [{ ...apiGateway, path: '/v1/media/uploads/a' }, ['a']],
    [{ path: '/release/a' }, ['release', 'a']],
    [{ path: 7 }, []],
    [{ requestContext: null }, []],
    [{}, []],
  ])('reads the path of %j', (event, path) => {
    expect(readPath(event, 'uploads')).toEqual(path);
  });
});

describe('readQueryFields()', () => {
  it('returns the query fields, and an empty object without a query', () => {
    expect(readQueryFields({ queryString: { limit: '5', state: ['a', 'b'] } })).toEqual({
      limit: '5',
      state: ['a', 'b'],
    });
    expect(readQueryFields({})).toEqual({});
    expect(readQueryFields({ queryString: 'limit=5' })).toEqual({});
  });
});
