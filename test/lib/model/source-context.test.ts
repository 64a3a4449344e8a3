import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSourceContext,
  deriveContextKey,
  type Envelope,
  removeV1,
} from '../../../lib/model/source-context.ts';
import { Problem } from '../../../lib/problem.ts';
import {
  CONTEXTS,
  decodeContext,
  encodeContext,
  writeV1Context,
} from '../../support/source-contexts.ts';

const SMALL: Envelope = {
  uploadId: '01ARYZ6S410000000000000000',
  owner: 'u1',
  method: 'client',
};

const anyEnvelope: fc.Arbitrary<Envelope> = fc.record(
  {
    uploadId: fc.constant('01ARYZ6S410000000000000000'),
    owner: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
    method: fc.constantFrom('client' as const, 'pull' as const, 'server' as const),
    limits: fc.record({
      maxBytes: fc.integer({ min: 1 }),
      maxSeconds: fc.integer({ min: 1 }),
      mediaTypes: fc.constantFrom(['mp4'], ['mov', 'mp3']),
    }),
    mediaExpireTime: fc.nat(),
  },
  { requiredKeys: ['uploadId', 'owner', 'method'] },
);

/** Envelopes with a caller's own text that fit into VOD's 250 bytes together with their MAC. */
function anyFitting<Mine extends string | undefined>(mine: fc.Arbitrary<Mine>) {
  const macBytes = ',"a":"0123456789abcdef"'.length;
  return fc
    .record({ envelope: anyEnvelope, mine })
    .filter(
      (each) => Buffer.byteLength(writeV1Context(each.envelope, each.mine)) + macBytes <= 250,
    );
}

describe('encodeSourceContext()', () => {
  it('is reversed by decodeSourceContext()', () => {
    fc.assert(
      fc.property(anyFitting(fc.string({ unit: 'grapheme', maxLength: 8 })), (each) => {
        const opened = decodeContext(encodeContext(each.envelope, each.mine));

        expect(opened).toEqual({ envelope: each.envelope, sourceContext: each.mine });
      }),
    );
  });

  it("keeps a caller's context unchanged that looks like an envelope", () => {
    const nested = encodeContext(SMALL);

    expect(decodeContext(encodeContext(SMALL, nested)).sourceContext).toBe(nested);
  });

  it('accepts up to 250 bytes and not one more', () => {
    const room = 250 - Buffer.byteLength(encodeContext(SMALL, ''));

    expect(Buffer.byteLength(encodeContext(SMALL, 'x'.repeat(room)))).toBe(250);
    expect(() => encodeContext(SMALL, 'x'.repeat(room + 1))).toThrow(Problem);
  });

  it('counts bytes, not characters', () => {
    const room = 250 - Buffer.byteLength(encodeContext(SMALL, ''));

    expect(() => encodeContext(SMALL, '한'.repeat(Math.floor(room / 3)))).not.toThrow();
    expect(() => encodeContext(SMALL, '한'.repeat(Math.floor(room / 3) + 1))).toThrow(Problem);
  });

  it("reports exactly how many bytes are left for the caller's context", () => {
    const error = problemOf(() => encodeContext(SMALL, 'x'.repeat(240)));

    expect(error.code).toBe('invalid_request');
    expect(error.errors?.[0]?.path).toBe('sourceContext');
    const left = Number(/at most (\d+) bytes/.exec(error.errors?.[0]?.message ?? '')?.[1]);
    expect(() => encodeContext(SMALL, 'x'.repeat(left - 2))).not.toThrow();
    expect(() => encodeContext(SMALL, 'x'.repeat(left - 1))).toThrow(Problem);
  });

  it.each([
    { limits: { maxBytes: 1 } },
    { limits: { maxSeconds: 1 } },
    { limits: { mediaTypes: ['mp4'] } },
    { mediaExpireTime: 0 },
  ])('encodes %j alone', (alone) => {
    const opened = decodeContext(encodeContext({ ...SMALL, ...alone }));

    expect(opened).toEqual({ envelope: { ...SMALL, ...alone }, sourceContext: '' });
    expect(opened.envelope).not.toHaveProperty('limits' in alone ? 'mediaExpireTime' : 'limits');
  });

  it.each([
    [undefined, 'limits'],
    ['mine', 'sourceContext'],
  ])('reports that no room is left (context %s)', (context, path) => {
    const error = problemOf(() => encodeContext({ ...SMALL, owner: 'o'.repeat(250) }, context));

    expect(error.errors).toEqual([
      {
        path,
        message:
          'leaves no room: VOD keeps 250 bytes, and 329 hold the upload\'s id, owner and limits; name fewer media types, or use a shorter "sub" in the token',
      },
    ]);
  });

  it.each([
    [1, 'leaves no room'],
    [2, 'leaves no room'],
    [3, 'must have at most 3 bytes'],
  ])('reports how long the context may be with %i bytes left', (left, message) => {
    const room = 250 - Buffer.byteLength(encodeContext(SMALL, '')) + 2 - left;
    const error = problemOf(() =>
      encodeContext({ ...SMALL, owner: SMALL.owner + 'o'.repeat(room) }, 'mine'),
    );

    expect(error.errors?.[0]?.message).toContain(message);
  });
});

describe('decodeSourceContext()', () => {
  const lookalike = writeV1Context(SMALL, 'mine');

  it.each([
    ...['', '{"u":"42"}', '{"vu":2}', '{"vu":1}', '{', 'plain', '[1]', 'null', lookalike],
    ...['{"vu":2,"i":"01ARYZ6S410000000000000000","o":"u1","m":"c","a":"AAAAAAAAAAAAAAAA"}'],
  ])('reads %j as the context of another program', (context) => {
    expect(decodeContext(context)).toEqual({ sourceContext: context });
  });

  it('does not treat half of a surrogate pair as the replacement character that is hashed for it', () => {
    const context = encodeContext(SMALL, '\ufffd').replace('\ufffd', '\ud800');

    expect(decodeContext(context)).toEqual({ sourceContext: context });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (context) => {
        expect(decodeContext(context).sourceContext).toBe(context);
      }),
    );
  });

  it('accepts an envelope signed with any of its keys for any of the given applications', () => {
    const [older = ''] = CONTEXTS.keys;
    const newer = deriveContextKey('another-key-example');
    const context = encodeContext(SMALL, 'mine', { keys: [older], subAppId: 7 });
    const open = (keys: readonly [string, ...string[]], ...subAppIds: (number | undefined)[]) =>
      decodeSourceContext(context, { keys, subAppIds, acceptsV1: false }).envelope;

    expect(open([newer, older], 7)).toEqual(SMALL);
    expect(open([older], 7, undefined)).toEqual(SMALL);
    expect(open([newer], 7)).toBeUndefined();
    expect(open([older], undefined)).toBeUndefined();
    expect(open([older], 8)).toBeUndefined();
  });

  it.each<[string, Partial<Envelope>]>([
    ['an invalid id', { uploadId: '../dead-deliveries' }],
    ['no owner', { owner: '' }],
    ['an owner that the database cannot store', { owner: 'u\0' }],
    ['a limit of zero bytes', { limits: { maxBytes: 0 } }],
    ['more bytes than VOD accepts', { limits: { maxBytes: 2 ** 53 } }],
    ['a fractional number of seconds', { limits: { maxSeconds: 0.5 } }],
    ['an empty list of types', { limits: { mediaTypes: [] } }],
    ['types that VOD does not accept', { limits: { mediaTypes: ['exe'] } }],
    ['an expiry in the year 318857', { mediaExpireTime: 1e13 }],
    ['an expiry before 1970', { mediaExpireTime: -1 }],
  ])('does not accept an envelope with %s, signed or not', (_what, change) => {
    const wrong = { ...SMALL, ...change };
    const proven = encodeContext(wrong);
    const first = writeV1Context(wrong);
    const verifier = { keys: CONTEXTS.keys, subAppIds: [undefined], acceptsV1: true };

    expect(decodeContext(proven)).toEqual({ sourceContext: proven });
    expect(decodeSourceContext(first, verifier)).toEqual({ sourceContext: first });
  });

  it('does not read as version 1 what this service did not write', () => {
    const { vu, ...members } = JSON.parse(lookalike);
    const context = JSON.stringify({ ...members, vu });
    const verifier = { keys: CONTEXTS.keys, subAppIds: [undefined], acceptsV1: true };

    expect(decodeSourceContext(context, verifier)).toEqual({ sourceContext: context });
  });

  it('accepts version 1 only during the transition, and marks it as unproven', () => {
    const verifier = { keys: CONTEXTS.keys, subAppIds: [undefined], acceptsV1: true };

    expect(decodeSourceContext(lookalike, verifier)).toEqual({
      ...{ envelope: SMALL, sourceContext: 'mine', unproven: true },
    });
    expect(decodeSourceContext(encodeContext(SMALL, 'mine'), verifier).unproven).toBeUndefined();
  });
});

describe('a modified source context', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 20 });
  const good = anyFitting(fc.option(texts, { nil: undefined }))
    .map(({ envelope, mine }) => ({ envelope, mine, context: encodeContext(envelope, mine) }))
    .filter(({ context }) => context.isWellFormed());

  /** Returns a context that differs from the given one and is made from it. */
  const mutations = (context: string): fc.Arbitrary<string> => {
    const at = fc.nat(context.length - 1);
    const members = Object.entries<unknown>(JSON.parse(context));
    const value = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.string(),
      fc.constant(null),
      fc.jsonValue(),
    );
    const write = (entries: readonly (readonly [string, unknown])[]) =>
      JSON.stringify(Object.fromEntries(entries));
    return fc
      .oneof(
        // Each byte of it.
        fc.record({ at, bit: fc.nat(7) }).map(({ at: place, bit }) => {
          const bytes = Buffer.from(context);
          const found = place % bytes.length;
          bytes.writeUInt8(bytes.readUInt8(found) ^ (1 << bit), found);
          return bytes.toString();
        }),
        fc
          .record({ at, text: fc.string({ unit: 'binary', minLength: 1 }) })
          .map(({ at: place, text }) => context.slice(0, place) + text + context.slice(place)),
        fc
          .record({ at, length: fc.integer({ min: 1, max: 40 }) })
          .map(({ at: place, length }) => context.slice(0, place) + context.slice(place + length)),
        // Each field of it.
        fc
          .record({ place: fc.nat(members.length - 1), value })
          .map(({ place, value: other }) =>
            write(members.map(([name, old], i) => [name, i === place ? other : old])),
          ),
        fc
          .record({
            name: fc.constantFrom('vu', 'i', 'o', 'm', 'b', 's', 't', 'x', 'c', 'a', 'z'),
            value,
          })
          .map(({ name, value: other }) => write([...members, [name, other]])),
        fc.nat(members.length - 1).map((place) => write(members.filter((_, i) => i !== place))),
        fc.shuffledSubarray(members, { minLength: members.length }).map(write),
        // Other methods, and other encodings of the same content.
        fc.constantFrom('c', 'p', 's').map((m) => context.replace(/"m":"."/, `"m":"${m}"`)),
        fc.constantFrom(
          ...[context.replace('"vu":2', '"vu":1'), context.replace('"vu":2', '"vu":2.0')],
          ...[context.replaceAll(',', ', '), ` ${context}`, `${context}\n`, `${context} `],
          ...[context.replace(/"a":"/, '"a":"AAAA'), context.replace(/,"a":.*/, '}')],
        ),
      )
      .filter((changed) => changed !== context);
  };

  it('is never accepted (10,000 modifications)', () => {
    const forged = good.chain(({ context }) => mutations(context));
    fc.assert(
      fc.property(forged, (context) => {
        expect(decodeContext(context)).toEqual({ sourceContext: context });
      }),
      { numRuns: 10_000 },
    );
  });

  it('is not accepted for another application or with another key', () => {
    const applications = fc.option(fc.integer({ min: 1, max: 2_000_000_000 }), { nil: undefined });
    fc.assert(
      fc.property(anyEnvelope, applications, applications, (envelope, subAppId, other) => {
        fc.pre(subAppId !== other);
        const context = encodeContext(envelope, 'mine', { subAppId });
        const keys = [deriveContextKey(String(other))] as const;

        expect(decodeContext(context, { subAppId }).envelope).toEqual(envelope);
        expect(decodeContext(context, { subAppId: other }).envelope).toBeUndefined();
        expect(decodeContext(context, { subAppId, keys }).envelope).toBeUndefined();
      }),
    );
  });

  it('is not accepted with the MAC of another context', () => {
    fc.assert(
      fc.property(good, good, (one, other) => {
        fc.pre(one.context.slice(0, -24) !== other.context.slice(0, -24));
        const mixed = one.context.slice(0, -24) + other.context.slice(-24);

        expect(decodeContext(mixed)).toEqual({ sourceContext: mixed });
      }),
    );
  });
});

describe('removeV1()', () => {
  it("removes a version 1 envelope, and leaves the caller's text and other contexts", () => {
    expect(removeV1(writeV1Context(SMALL, 'mine'))).toBe('mine');
    expect(removeV1(writeV1Context(SMALL))).toBe('');
    for (const text of ['', 'mine', '{"vu":1}', encodeContext(SMALL, 'mine')]) {
      expect(removeV1(text)).toBe(text);
    }
  });
});

function problemOf(act: () => unknown): Problem {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return error;
  }
  throw new Error('Nothing was refused');
}
