import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { MAX_URL_BYTES } from '../../../lib/validation/limits.ts';
import { checkPublicUrl, type UrlPolicy } from '../../../lib/validation/public-url.ts';
import hostile from '../../fixtures/media-urls/hostile.json' with { type: 'json' };
import legitimate from '../../fixtures/media-urls/legitimate.json' with { type: 'json' };

/** What the message for each kind of hostile URL contains. */
const REASONS: Readonly<Record<keyof typeof hostile, RegExp>> = {
  scheme: /^must begin with http:\/\/ or https:\/\/ and a host$/,
  unseen: /^must not have white space, control characters, invisible/,
  fragment: /^must not have a fragment/,
  'user info': /^must not have a user name or password/,
  'encoded host': /^must not have percent-encoded characters in its host$/,
  invalid: /^must be a URL with a valid host and port$/,
  address: /^must have a host on the public internet; .+ is not a globally routable address$/,
  'local name': /^must have a host on the public internet; names that end in "[a-z]+" are not$/,
  'single label': /^must have a host on the public internet, by its full name/,
  'private name':
    /^must have a host on the public internet; names below .+ are internal to a cloud$/,
  'host name': /^must have a host name of at most 253 characters, in labels of 1 to 63/,
  port: /^must use the default port of its scheme$/,
  'encoded control': /^must not have percent-encoded control characters in its path$/,
};

const HOSTILE = [
  ...Object.entries(hostile).flatMap(([kind, urls]) =>
    urls.map((url) => ({ kind: kind as keyof typeof hostile, url })),
  ),
  // Halves of surrogate pairs, which not every JSON parser accepts in a fixture.
  { kind: 'unseen', url: 'http://samples.example.com/\ud83c.mp4' },
  { kind: 'unseen', url: 'http://\udc00.example.com/a.mp4' },
] as const;

/**
 * Returns whether an address is globally reachable, by a library that the policy does not use. Addresses outside 2000::/3
 * have no name there: https://www.iana.org/assignments/ipv6-address-space.
 */
function isGlobal(address: string): boolean {
  // Not in a registry: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16.
  if (address === '168.63.129.16') return false;
  const parsed = ipaddr.parse(address);
  const isUnicast = parsed.range() === 'unicast';
  return isUnicast && (parsed instanceof ipaddr.IPv4 || (parsed.parts[0] ?? 0) >> 13 === 1);
}

function passes(url: string, policy: UrlPolicy = {}): boolean {
  return !('reason' in checkPublicUrl(url, policy));
}

function toDotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

const ipv4 = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  // Addresses around the edges of ranges, which random ones seldom hit.
  fc
    .tuple(
      fc.constantFrom(0, 10, 100, 127, 169, 172, 192, 198, 203, 223, 224, 255),
      fc.constantFrom(0, 15, 16, 18, 19, 20, 31, 32, 51, 63, 64, 127, 128, 168, 253, 254, 255),
      fc.constantFrom(0, 2, 99, 100, 113, 255),
      fc.integer({ min: 0, max: 255 }),
    )
    .map(([a, b, c, d]) => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0),
);

describe('checkPublicUrl()', () => {
  it('is tested with at least 200 hostile and 50 legitimate URLs', () => {
    expect(new Set(HOSTILE.map(({ url }) => url)).size).toBeGreaterThanOrEqual(200);
    expect(legitimate.unchanged.length).toBeGreaterThanOrEqual(50);
  });

  it.each(HOSTILE)('refuses $url for its $kind', ({ kind, url }) => {
    const policies: UrlPolicy[] = [{}, { hosts: ['localhost', '127.0.0.1', '*.local'] }];

    const verdicts = policies.map((policy) => checkPublicUrl(url, policy));

    expect(verdicts[0]).toEqual({ reason: expect.stringMatching(REASONS[kind]) });
    expect(verdicts[1]).toEqual({ reason: expect.stringMatching(/^must /) });
    expect(JSON.stringify(verdicts)).not.toContain('canary');
  });

  it.each(HOSTILE.filter(({ url }) => !/[?#]/.test(url)))(
    'quotes no query behind $url',
    ({ url }) => {
      const verdict = checkPublicUrl(`${url}?token=canary-query`, {});

      expect(verdict).toHaveProperty('reason');
      expect(JSON.stringify(verdict)).not.toContain('canary');
    },
  );

  it.each(legitimate.unchanged)('returns %s unchanged', (url) => {
    expect(checkPublicUrl(url, {})).toMatchObject({ href: url, host: new URL(url).hostname });
  });

  it.each(legitimate.normalised)('returns %s as %s', (url = '', href = '') => {
    expect(checkPublicUrl(url, {})).toMatchObject({ href, host: new URL(href).hostname });
    expect(checkPublicUrl(href, {})).toMatchObject({ href });
  });

  it.each([
    ['https://samples.example.com/a.MP4', 'mp4'],
    ['https://samples.example.com/a.b.mov?x=a.avi', 'mov'],
    ['https://samples.example.com/a%2Emkv', 'mkv'],
    ['https://samples.example.com/a.m%704', 'mp4'],
    ['https://samples.example.com/%ff.mp4', 'mp4'],
    ['https://samples.example.com/.mp4', 'mp4'],
    ['https://samples.example.com/v1.2/video', ''],
    ['https://samples.example.com/a.mp4/', ''],
    ['https://samples.example.com/a.', ''],
    ['https://samples.example.com', ''],
    ['https://samples.example.com/a?b.mp4', ''],
  ])('reads from %s the extension %j', (url, extension) => {
    expect(checkPublicUrl(url, {})).toMatchObject({ extension });
  });

  it.each([
    ['ASCII', 'x', 1],
    ['a letter that becomes six bytes when percent-encoded', 'é', 6],
    ['a letter that becomes nine bytes', '한', 9],
  ])('accepts %s up to the limit and not beyond', (_name, letter, bytes) => {
    const base = 'https://samples.example.com/';
    const count = Math.floor((MAX_URL_BYTES - base.length) / bytes);
    const rest = MAX_URL_BYTES - base.length - count * bytes;
    const url = base + letter.repeat(count) + 'a'.repeat(rest);

    expect(MAX_URL_BYTES).toBe(8_000);
    expect(passes(url)).toBe(true);
    expect(checkPublicUrl(`${url}a`, {})).toEqual({
      reason: 'must have at most 8000 bytes, percent-encoded where it has to be; it has 8001',
    });
  });

  it('refuses a text that is too long, even if its URL is not', () => {
    const text = `https://media.example.com/${'./'.repeat(4_000)}a.mp4`;

    expect(checkPublicUrl(text, {})).toEqual({
      reason: expect.stringContaining('at most 8000 bytes'),
    });
  });

  describe('with a list of hosts', () => {
    const policy: UrlPolicy = {
      hosts: ['media.example.com', '*.cdn.example.com', '8.8.8.8', 'xn--bcher-kva.example.com'],
    };

    it.each([
      'https://media.example.com/a.mp4',
      'https://MEDIA.Example.com/a.mp4',
      'https://a.cdn.example.com/a.mp4',
      'https://b.a.cdn.example.com/a.mp4',
      'https://bücher.example.com/a.mp4',
      'https://ｍedia.example.com/a.mp4',
      'http://8.8.8.8/a.mp4',
      'http://0x08080808/a.mp4',
    ])('accepts %s', (url) => {
      expect(passes(url, policy)).toBe(true);
    });

    it.each([
      'https://cdn.example.com/a.mp4',
      'https://evil-cdn.example.com/a.mp4',
      'https://evilmedia.example.com/a.mp4',
      'https://a.media.example.com/a.mp4',
      'https://media.example.com.evil.org/a.mp4',
      'https://media.example.com@evil.example.org/a.mp4',
      'https://evil.example.org/media.example.com/a.mp4',
      'https://evil.example.org/?https://media.example.com/a.mp4',
      'https://evil.example.org?media.example.com',
      'https://evil.example.org#media.example.com',
      'https://evil.example.org\\@media.example.com/',
      'https://media.example.com\\.evil.org/',
      'https://media.example.com:8080/a.mp4',
      'https://media-example.com/a.mp4',
      'https://mediaXexample.com/a.mp4',
      'https://a.cdn.example.com.evil.org/a.mp4',
      'https://media.example.com./a.mp4',
      'http://8.8.4.4/a.mp4',
    ])('refuses %s', (url) => {
      expect(passes(url, policy)).toBe(false);
    });

    it('names the refused host, and nothing else of the URL', () => {
      const verdict = checkPublicUrl('https://other.example.org/canary?canary=1', policy);

      expect(verdict).toEqual({
        reason: 'must have a host that is allowed here; other.example.org is not',
      });
    });

    it('refuses every URL if the list is empty', () => {
      expect(passes('https://media.example.com/a.mp4', { hosts: [] })).toBe(false);
    });
  });

  it.each([
    ['http://samples.example.com:8080/', true],
    ['https://samples.example.com:8443/', true],
    ['https://samples.example.com/', true],
    ['http://samples.example.com:80/', true],
    ['http://samples.example.com:443/', false],
    ['http://samples.example.com:8081/', false],
    ['http://127.0.0.1:8080/', false],
  ])('accepts %s with additional ports: %s', (url, passing) => {
    expect(passes(url, { ports: [8080, 8443] })).toBe(passing);
  });

  it('lists the allowed ports', () => {
    expect(checkPublicUrl('http://samples.example.com:81/', { ports: [8080] })).toEqual({
      reason: 'must use the default port of its scheme or 8080',
    });
  });

  describe('for any text', () => {
    const piece = fc.constantFrom(
      ...['http://', 'https://', 'HTTP:', '//', '/', '\\', '@', ':', ':80', '?', '#', '.', '..'],
      ...['%2e', '%00', '%', '[::1]', '[', ']', '127.0.0.1', '0x7f', '1', '。', '１', 'localhost'],
      ...['example', 'com', 'samples.example.com', 'xn--', 'bücher', 'ß', 'ⓔ', '\t', ' ', '\ud800'],
      ...['_', '-', '{', '|', '^', '"', "'", '*', '🎬', '\u202e', '\u00ad', 'a.mp4'],
    );
    const anyText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl({ withQueryParameters: true }),
      fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join('')),
      fc
        .array(piece, { maxLength: 6 })
        .map((pieces) => `http://samples.example.com${pieces.join('')}`),
      fc.array(piece, { maxLength: 6 }).map((pieces) => `https://${pieces.join('')}.example.com/`),
    );

    it('never throws, and accepts its own result', () => {
      let tried = 0;
      let taken = 0;

      fc.assert(
        fc.property(anyText, (text) => {
          tried += 1;
          const verdict = checkPublicUrl(text, {});
          if ('reason' in verdict) {
            expect(verdict.reason).toMatch(/^must /);
            return;
          }
          taken += 1;
          const url = new URL(verdict.href);
          expect(url.href).toBe(verdict.href);
          expect(verdict.href).toMatch(/^https?:\/\/[\x21-\x7e]+$/);
          expect(url.hostname).toBe(verdict.host);
          expect(url.username + url.password + url.port + url.hash).toBe('');
          expect(checkPublicUrl(verdict.href, {})).toEqual(verdict);
        }),
        { numRuns: 5_000 },
      );

      expect(taken).toBeGreaterThan(tried / 10);
    });

    it('accepts exactly the globally reachable IPv4 addresses', () => {
      fc.assert(
        fc.property(ipv4, (number) => {
          const address = toDotted(number);
          expect(passes(`http://${address}/`)).toBe(isGlobal(address));
        }),
        { numRuns: 5_000 },
      );
    });

    it('accepts exactly the globally reachable IPv6 addresses', () => {
      const word = fc.oneof(
        fc.integer({ min: 0, max: 0xffff }),
        fc.constantFrom(0, 1, 0x64, 0xff9b, 0x7f00, 0xffff),
      );
      const first = fc.oneof(
        fc.integer({ min: 0, max: 0xffff }),
        fc.constantFrom(0, 0x64, 0x100, 0x2001, 0x2002, 0x2606, 0x2620, 0x3fff, 0x5f00, 0xfc00),
        fc.constantFrom(0xfd00, 0xfe80, 0xfec0, 0xff02),
      );
      const ipv6 = fc
        .tuple(first, fc.array(word, { minLength: 7, maxLength: 7 }))
        .map(([head, tail]) => [head, ...tail].map((part) => part.toString(16)).join(':'));

      fc.assert(
        fc.property(ipv6, (address) => {
          expect(passes(`http://[${address}]/`)).toBe(isGlobal(address));
        }),
        { numRuns: 5_000 },
      );
    });

    it('refuses IPv4 addresses inside IPv6 addresses', () => {
      const wrap = fc.constantFrom('::', '::ffff:', '::ffff:0:', '64:ff9b::', '64:ff9b:1::');

      fc.assert(
        fc.property(wrap, ipv4, (prefix, number) => {
          const hex = `${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`;
          expect(passes(`http://[${prefix}${toDotted(number)}]/`)).toBe(false);
          expect(passes(`http://[${prefix}${hex}]/`)).toBe(false);
          expect(passes(`http://[2002:${hex}::1]/`)).toBe(false);
        }),
      );
    });

    it('treats every spelling of an IPv4 address like the dotted one', () => {
      const base = fc.constantFrom(
        (part: number) => String(part),
        (part: number) => `0x${part.toString(16)}`,
        (part: number) => `0X${part.toString(16).toUpperCase().padStart(10, '0')}`,
        (part: number) => `0${part.toString(8)}`,
        (part: number) => `000${part.toString(8)}`,
      );
      const bases = fc.array(base, { minLength: 4, maxLength: 4 });
      const partCount = fc.integer({ min: 1, max: 4 });
      const fullWidth = (text: string) =>
        text.replace(/[\d.]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0));

      fc.assert(
        fc.property(ipv4, partCount, bases, fc.boolean(), (number, count, spell, finalDot) => {
          const leading = toDotted(number)
            .split('.')
            .slice(0, count - 1)
            .map(Number);
          const last = count === 1 ? number : number % 256 ** (5 - count);
          const parts = [...leading, last].map((part, index) => spell[index]?.(part) ?? '');
          const spelled = parts.join('.') + (finalDot ? '.' : '');
          const dotted = checkPublicUrl(`http://${toDotted(number)}/a.mp4`, {});

          expect(checkPublicUrl(`http://${spelled}/a.mp4`, {})).toEqual(dotted);
          expect(checkPublicUrl(`http://${fullWidth(spelled)}/a.mp4`, {})).toEqual(dotted);
        }),
        { numRuns: 2_000 },
      );
    });

    it('never accepts a host outside the wildcard', () => {
      fc.assert(
        fc.property(anyText, (text) => {
          const verdict = checkPublicUrl(text, { hosts: ['*.example.com'] });
          expect('reason' in verdict || verdict.host.endsWith('.example.com')).toBe(true);
        }),
        { numRuns: 2_000 },
      );
    });
  });
});
