import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainHostPattern, matchesHost } from '../../../lib/validation/host-pattern.ts';

describe('matchesHost()', () => {
  it.each([
    ['example.com', 'example.com'],
    ['a.example.com', '*.example.com'],
    ['c.b.a.example.com', '*.example.com'],
    ['xn--bcher-kva.example.com', '*.example.com'],
    ['8.8.8.8.example.com', '*.example.com'],
    ['8.8.8.8', '8.8.8.8'],
    ['[2001:4860:4860::8888]', '[2001:4860:4860::8888]'],
  ])('matches %s with %s', (host, pattern) => {
    expect(matchesHost(host, pattern)).toBe(true);
  });

  it.each([
    ['a.example.com', 'example.com'],
    ['example.com', 'a.example.com'],
    ['example.com', '*.example.com'],
    ['.example.com', '*.example.com'],
    ['evil-example.com', '*.example.com'],
    ['evilexample.com', '*.example.com'],
    ['example.com.evil.org', '*.example.com'],
    ['a.example.com.evil.org', '*.example.com'],
    ['a.example.org', '*.example.com'],
    ['axexample.com', 'a.example.com'],
    ['a.exampleXcom', '*.example.com'],
    ['8.8.8.8', '*.8.8.8'],
    ['8.8.8.8', '*.8'],
    ['18.18.18.18', '*.18.18.18'],
    ['[2001:4860:4860::8888]', '*.8888]'],
    ['a.example.com', '*'],
    ['a.example.com', ''],
    ['a.example.com', '*example.com'],
    ['a.example.com', 'a.*.com'],
    ['a.example.com', '*.EXAMPLE.com'],
  ])('does not match %s with %s', (host, pattern) => {
    expect(matchesHost(host, pattern)).toBe(false);
  });

  it('never matches a host whose last labels differ from the pattern', () => {
    const label = fc.constantFrom('a', 'b', 'evil', 'example', 'evil-example', 'com', 'org');
    const name = fc.array(label, { minLength: 1, maxLength: 5 });

    fc.assert(
      fc.property(name, name, (host, base) => {
        const tail = host.slice(-base.length).join('.');
        const isBelow = host.length > base.length && tail === base.join('.');

        expect(matchesHost(host.join('.'), `*.${base.join('.')}`)).toBe(isBelow);
        expect(matchesHost(host.join('.'), base.join('.'))).toBe(host.join('.') === base.join('.'));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('explainHostPattern()', () => {
  it.each([
    'example.com',
    '*.example.com',
    '*.cos.ap-singapore.myqcloud.com',
    'my_bucket.example.com',
    'xn--bcher-kva.example.com',
    '8.8.8.8',
    '[2001:4860:4860::8888]',
  ])('accepts %s', (pattern) => {
    expect(explainHostPattern(pattern)).toBeUndefined();
  });

  it.each([
    '',
    '*',
    '*.',
    '*.com',
    'localhost',
    '*.*.example.com',
    'a.*.example.com',
    '*example.com',
    '**.example.com',
    '.example.com',
    'example.com.',
    'a..example.com',
    'Example.com',
    'bücher.example.com',
    'https://example.com',
    'example.com/',
    'example.com:8080',
    'user@example.com',
    'example.com#',
    'example.com?',
    'a b.example.com',
    '*.8.8.8',
    '*.8.8.8.8',
    '*.[::1]',
    '8.8.2056',
    '0x8080808',
    '[2001:4860:4860:0:0:0:0:8888]',
    '[]',
    'a.example.com, b.example.com',
  ])('refuses %j', (pattern) => {
    expect(explainHostPattern(pattern)).toContain('*.example.com');
  });
});
