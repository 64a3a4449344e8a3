import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import { type Envelope, openEnvelope, sealEnvelope } from '../../../lib/uploads/envelope.ts';

const SMALL: Envelope = { uploadId: '01ARYZ6S410000000000000000', owner: 'u1', method: 'client' };

const anyEnvelope: fc.Arbitrary<Envelope> = fc.record(
  {
    uploadId: fc.constant('01ARYZ6S410000000000000000'),
    owner: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
    method: fc.constantFrom('client' as const, 'pull' as const, 'server' as const),
    limits: fc.record({
      maxBytes: fc.nat(),
      maxSeconds: fc.nat(),
      mediaTypes: fc.constantFrom(['mp4'], ['mov', 'mp3']),
    }),
    mediaExpireTime: fc.nat(),
  },
  { requiredKeys: ['uploadId', 'owner', 'method'] },
);

describe('sealEnvelope()', () => {
  it('is undone by openEnvelope()', () => {
    fc.assert(
      fc.property(
        anyEnvelope,
        fc.string({ unit: 'grapheme', maxLength: 8 }),
        (envelope, context) => {
          const opened = openEnvelope(sealEnvelope(envelope, context));

          expect(opened).toEqual({ envelope, sourceContext: context });
        },
      ),
    );
  });

  it('keeps a context unchanged that looks like an envelope itself', () => {
    const nested = sealEnvelope(SMALL);

    expect(openEnvelope(sealEnvelope(SMALL, nested)).sourceContext).toBe(nested);
  });

  it('fills 250 bytes and not one more', () => {
    const room = 250 - Buffer.byteLength(sealEnvelope(SMALL, ''));

    expect(Buffer.byteLength(sealEnvelope(SMALL, 'x'.repeat(room)))).toBe(250);
    expect(() => sealEnvelope(SMALL, 'x'.repeat(room + 1))).toThrow(Problem);
  });

  it('counts bytes, not characters', () => {
    const room = 250 - Buffer.byteLength(sealEnvelope(SMALL, ''));

    expect(() => sealEnvelope(SMALL, '한'.repeat(Math.floor(room / 3)))).not.toThrow();
    expect(() => sealEnvelope(SMALL, '한'.repeat(Math.floor(room / 3) + 1))).toThrow(Problem);
  });

  it('tells how many bytes are left, and means it', () => {
    const error = problemOf(() => sealEnvelope(SMALL, 'x'.repeat(240)));

    expect(error.code).toBe('invalid_request');
    expect(error.errors?.[0]?.path).toBe('sourceContext');
    const left = Number(/at most (\d+) bytes/.exec(error.errors?.[0]?.message ?? '')?.[1]);
    expect(() => sealEnvelope(SMALL, 'x'.repeat(left - 2))).not.toThrow();
    expect(() => sealEnvelope(SMALL, 'x'.repeat(left - 1))).toThrow(Problem);
  });

  it('says so where nothing is left', () => {
    const error = problemOf(() => sealEnvelope({ ...SMALL, owner: 'o'.repeat(250) }));

    expect(error.errors?.[0]?.message).toContain('leaves no room');
  });
});

describe('openEnvelope()', () => {
  it.each(['', '{"u":"42"}', '{"vu":2}', '{"vu":1}', '{', 'plain', '[1]', 'null'])(
    'takes %j for the caller’s own',
    (context) => {
      expect(openEnvelope(context)).toEqual({ sourceContext: context });
    },
  );

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (context) => {
        expect(openEnvelope(context).sourceContext).toBe(context);
      }),
    );
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
