import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowOrigin, describePreflight } from '../../../lib/runtime/http-handler.ts';

const ORIGINS = [
  'https://app.example.com',
  'http://localhost:5173',
  'https://xn--bcher-kva.example',
];

describe('allowOrigin()', () => {
  it.each(ORIGINS)('allows %s and returns that origin alone', (origin) => {
    expect(allowOrigin({ headers: { origin } }, ORIGINS)).toEqual({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': 'ETag, Retry-After, X-Request-Id',
      Vary: 'Origin',
    });
  });

  it.each([
    ['sandboxed frames and files', 'null'],
    ['a wildcard', '*'],
    ['an empty origin', ''],
    ['a longer host name', 'https://app.example.com.evil.org'],
    ['a host name with a prefix', 'https://evilapp.example.com'],
    ['a subdomain', 'https://a.app.example.com'],
    ['the parent domain', 'https://example.com'],
    ['an additional port', 'https://app.example.com:8443'],
    ['the default port written out', 'https://app.example.com:443'],
    ['another port', 'http://localhost:5174'],
    ['a missing port', 'http://localhost'],
    ['a port with more digits', 'http://localhost:51730'],
    ['another scheme', 'http://app.example.com'],
    ['a missing scheme', 'app.example.com'],
    ['a path', 'https://app.example.com/'],
    ['a final dot', 'https://app.example.com.'],
    ['a user name', 'https://app.example.com@evil.org'],
    ['capitals', 'https://APP.example.com'],
    ['white space', ' https://app.example.com'],
    ['a list', 'https://app.example.com, https://evil.org'],
    ['a list with spaces', 'https://app.example.com https://evil.org'],
    ['an injected header', 'https://app.example.com\r\nSet-Cookie: a=b'],
    ['a NUL', 'https://app.example.com\0.evil.org'],
    ['the Unicode spelling of a host name', 'https://bücher.example'],
    ['the IP address of a host name', 'http://127.0.0.1:5173'],
  ])('refuses %s', (_name, origin) => {
    expect(allowOrigin({ headers: { origin } }, ORIGINS)).toEqual({ Vary: 'Origin' });
  });

  it.each([undefined, null, 7, ['https://app.example.com']])(
    'refuses the origin %j, which is not a string',
    (origin) => {
      expect(allowOrigin({ headers: { origin } }, ORIGINS)).toEqual({ Vary: 'Origin' });
    },
  );

  it('returns nothing without configured origins', () => {
    expect(allowOrigin({ headers: { origin: 'https://app.example.com' } }, [])).toBeUndefined();
  });
});

describe('allowOrigin() for apps', () => {
  const APPS = ['capacitor://localhost', 'app://.', 'safari-web-extension://0CE1C6C1-AB'];
  const isAllowed = (origin: string) =>
    allowOrigin({ headers: { origin } }, APPS)?.['Access-Control-Allow-Origin'] === origin;

  it.each([...APPS, 'safari-web-extension://0ce1c6c1-ab'])('allows %s', (origin) => {
    expect(isAllowed(origin)).toBe(true);
  });

  it.each([
    'null',
    'capacitor://localhost:80',
    'capacitor://localhost/',
    'capacitor://localhost.evil.org',
    'capacitor://',
    'ionic://localhost',
    'http://localhost',
    'https://localhost',
    'app://bundle',
    'app://..',
    'safari-web-extension://0CE1C6C1-AC',
  ])('refuses %s', (origin) => {
    expect(isAllowed(origin)).toBe(false);
  });
});

describe('allowOrigin() with patterns', () => {
  const PATTERNS = ['https://*.example.com', 'http://*.dev.example.com:8080'];
  const isAllowed = (origin: string) =>
    allowOrigin({ headers: { origin } }, PATTERNS)?.['Access-Control-Allow-Origin'] === origin;

  it.each([
    'https://a.example.com',
    'https://c.b.a.example.com',
    'https://pr-7_x.example.com',
    'https://xn--bcher-kva.example.com',
    'http://a.dev.example.com:8080',
  ])('allows %s and returns that origin alone', (origin) => {
    expect(isAllowed(origin)).toBe(true);
  });

  it.each([
    'https://example.com',
    'https://.example.com',
    'https://a..example.com',
    'https://evil-example.com',
    'https://evilexample.com',
    'https://example.com.evil.org',
    'https://a.example.com.evil.org',
    'https://evil.org/.example.com',
    'https://evil.org?.example.com',
    'https://evil.org#.example.com',
    'https://evil.org:80@a.example.com',
    'https://evil.org:443.example.com',
    'https://evil.org\\.example.com',
    'https://evil.org\n.example.com',
    'https://evil.org\0.example.com',
    'https://evil.org%2f.example.com',
    'https://https://a.example.com',
    'https://A.example.com',
    'https://a.EXAMPLE.com',
    'https://bücher.example.com',
    'https://*.example.com',
    'https://a.example.com.',
    'https://a.example.com/',
    'https://a.example.com:443',
    'https://a.example.com:8080',
    'http://a.example.com',
    'http://a.dev.example.com',
    'http://a.dev.example.com:80801',
    'http://a.dev.example.com:80',
    'https://a.dev.example.com:8080',
    'capacitor://a.example.com',
    'null',
    '*',
    '',
  ])('refuses %j', (origin) => {
    expect(isAllowed(origin)).toBe(false);
  });

  it('allows exactly the hosts that end with all labels of the pattern', () => {
    const label = fc.constantFrom('a', 'evil', 'example', 'evil-example', 'com', 'org');
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
        const isBelow = labels.length > 2 && labels.slice(-2).join('.') === 'example.com';
        expect(isAllowed(`https://${labels.join('.')}`)).toBe(isBelow);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('describePreflight()', () => {
  const listHeaders = (...more: readonly string[][]) =>
    describePreflight(['POST'], ...more)['Access-Control-Allow-Headers']?.split(', ');

  it('allows the headers that the functions read and those of tracing', () => {
    expect(listHeaders()).toEqual([
      ...['Authorization', 'Content-Type', 'Idempotency-Key', 'If-None-Match'],
      ...['traceparent', 'tracestate', 'baggage', 'sentry-trace'],
    ]);
  });

  it('allows configured headers in addition', () => {
    expect(listHeaders(['X-Client-Version', 'b3'])?.slice(-2)).toEqual(['X-Client-Version', 'b3']);
  });
});
