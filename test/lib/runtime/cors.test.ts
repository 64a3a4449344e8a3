import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowOrigin, describePreflight } from '../../../lib/runtime/http-handler.ts';

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

describe('allowOrigin() of apps', () => {
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
  ])('allows nothing to %s', (origin) => {
    expect(isAllowed(origin)).toBe(false);
  });
});

describe('allowOrigin() by a pattern', () => {
  const PATTERNS = ['https://*.example.com', 'http://*.dev.example.com:8080'];
  const isAllowed = (origin: string) =>
    allowOrigin({ headers: { origin } }, PATTERNS)?.['Access-Control-Allow-Origin'] === origin;

  it.each([
    'https://a.example.com',
    'https://c.b.a.example.com',
    'https://pr-7_x.example.com',
    'https://xn--bcher-kva.example.com',
    'http://a.dev.example.com:8080',
  ])('allows %s, and names it alone', (origin) => {
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
  ])('allows nothing to %j', (origin) => {
    expect(isAllowed(origin)).toBe(false);
  });

  it('allows a host exactly where all of its last labels are those of the pattern', () => {
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

  it('allows what the functions read, and what tracing adds', () => {
    expect(listHeaders()).toEqual([
      ...['Authorization', 'Content-Type', 'Idempotency-Key', 'If-None-Match'],
      ...['traceparent', 'tracestate', 'baggage', 'sentry-trace'],
    ]);
  });

  it('allows what is configured besides', () => {
    expect(listHeaders(['X-Client-Version', 'b3'])?.slice(-2)).toEqual(['X-Client-Version', 'b3']);
  });
});
