import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import {
  matchRoute,
  readBodyText,
  readJsonBody,
  readPath,
  readQueryFields,
} from '../../../lib/runtime/http-event.ts';

const TABLE = [
  ['GET', '/', 'list'],
  ['GET', '/endpoints', 'endpoints'],
  ['POST', '/endpoints/:endpoint/resume', 'resume'],
  ['GET', '/:id', 'show'],
  ['DELETE', '/:id', 'cancel'],
  ['GET', '/:id/events', 'events'],
] as const;

function match(method: string, path: string): string {
  return matchRoute(
    TABLE,
    method,
    path.split('/').filter((part) => part !== ''),
  )[2];
}

/** Returns the problem of a request that matches no entry. */
function refusal(method: string, path: string): unknown {
  try {
    return match(method, path);
  } catch (error) {
    if (error instanceof Problem) return { code: error.code, allow: error.headers?.['Allow'] };
    throw error;
  }
}

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

describe('matchRoute()', () => {
  it.each([
    ['GET', '/', 'list'],
    ['GET', '/endpoints', 'endpoints'],
    ['POST', '/endpoints/resume/resume', 'resume'],
    ['GET', '/a', 'show'],
    ['DELETE', '/a', 'cancel'],
    ['GET', '/events/events', 'events'],
  ])('finds %s %s', (method, path, name) => {
    expect(match(method, path)).toBe(name);
  });

  it.each(['/endpoints/events', '/endpoints/a', '/a/b', '/a/events/c'])(
    'finds nothing at %s',
    (path) => {
      expect(refusal('GET', path)).toEqual({ code: 'not_found', allow: undefined });
    },
  );

  it('says which methods a path has', () => {
    expect(refusal('PUT', '/a')).toEqual({
      code: 'method_not_allowed',
      allow: 'GET, HEAD, DELETE, OPTIONS',
    });
    expect(refusal('DELETE', '/endpoints')).toEqual({
      code: 'method_not_allowed',
      allow: 'GET, HEAD, OPTIONS',
    });
  });
});

describe('readJsonBody()', () => {
  /** `{"name":"视频"}` in GBK. */
  const gbk = Buffer.concat([
    Buffer.from('{"name":"'),
    Buffer.from([0xca, 0xd3, 0xc6, 0xb5]),
    Buffer.from('"}'),
  ]);
  const encoded = (bytes: Buffer) => ({ body: bytes.toString('base64'), isBase64Encoded: true });
  const typed = (type: string, body: string) => ({ headers: { 'Content-Type': type }, body });

  it.each([
    ['bytes of GBK', encoded(gbk)],
    ['bytes of Latin-1', encoded(Buffer.from('{"name":"café"}', 'latin1'))],
    ['what a trigger made of GBK', typed('application/json; charset=gbk', gbk.toString())],
    ['the same with a quoted name', typed('text/plain;charset="gb2312"', gbk.toString())],
  ])('refuses %s', (_what, event) => {
    expect(() => readJsonBody(event)).toThrow('Cannot read the body: it must be UTF-8.');
  });

  it.each([
    ['UTF-8 with a replacement character', encoded(Buffer.from('{"name":"caf\ufffd"}'))],
    ['the same as text', { body: '{"name":"caf\ufffd"}' }],
    ['the same with a charset', typed('application/json; charset="UTF-8"', '{"name":"caf\ufffd"}')],
    [
      'the same with its other name',
      typed('application/json;charset=utf8', '{"name":"caf\ufffd"}'),
    ],
  ])('accepts %s', (_what, event) => {
    expect(readJsonBody(event)).toEqual({ name: 'caf\ufffd' });
  });

  it.each(['', 'null', ' null\n', ' \t\r\n', '\ufeff', '\ufeff null'])(
    'takes %j for no body',
    (body) => {
      expect(readJsonBody({ body }, 'absent')).toBe('absent');
      expect(readJsonBody({ body })).toBeUndefined();
    },
  );

  it('leaves to others what is not UTF-8: a notification is read as far as it can be', () => {
    expect(readBodyText(encoded(gbk), 100)).toBe(gbk.toString());
  });
});
