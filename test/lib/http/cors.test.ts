import { describe, expect, it } from 'vitest';
import { allowOrigin } from '../../../lib/http/cors.ts';

const ORIGINS = [
  'https://app.example.com',
  'http://localhost:5173',
  'https://xn--bcher-kva.example',
];

describe('allowOrigin()', () => {
  it.each(ORIGINS)('allows %s, and names it alone', (origin) => {
    expect(allowOrigin({ headers: { origin } }, ORIGINS)).toEqual({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': 'ETag, Retry-After, X-Request-Id',
      Vary: 'Origin',
    });
  });

  it.each([
    ['sandboxed frames and files', 'null'],
    ['everybody', '*'],
    ['nothing', ''],
    ['another ending', 'https://app.example.com.evil.org'],
    ['another beginning', 'https://evilapp.example.com'],
    ['a name below', 'https://a.app.example.com'],
    ['a name above', 'https://example.com'],
    ['a port', 'https://app.example.com:8443'],
    ['the usual port in so many words', 'https://app.example.com:443'],
    ['another port', 'http://localhost:5174'],
    ['no port', 'http://localhost'],
    ['a longer port', 'http://localhost:51730'],
    ['another scheme', 'http://app.example.com'],
    ['no scheme', 'app.example.com'],
    ['a path', 'https://app.example.com/'],
    ['a final dot', 'https://app.example.com.'],
    ['a user name', 'https://app.example.com@evil.org'],
    ['capitals', 'https://APP.example.com'],
    ['white space', ' https://app.example.com'],
    ['a list', 'https://app.example.com, https://evil.org'],
    ['a list by white space', 'https://app.example.com https://evil.org'],
    ['another header behind it', 'https://app.example.com\r\nSet-Cookie: a=b'],
    ['a NUL', 'https://app.example.com\0.evil.org'],
    ['another spelling of the name', 'https://bücher.example'],
    ['the address of a name', 'http://127.0.0.1:5173'],
  ])('allows nothing to %s', (_name, origin) => {
    expect(allowOrigin({ headers: { origin } }, ORIGINS)).toEqual({ Vary: 'Origin' });
  });

  it.each([undefined, null, 7, ['https://app.example.com']])(
    'allows nothing to the origin %j, which is no text',
    (origin) => {
      expect(allowOrigin({ headers: { origin } }, ORIGINS)).toEqual({ Vary: 'Origin' });
    },
  );

  it('says nothing of origins where none is configured', () => {
    expect(allowOrigin({ headers: { origin: 'https://app.example.com' } }, [])).toBeUndefined();
  });
});
