import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyCallbackSignature } from '../../../lib/signing/callback-signature.ts';

const VECTORS = [
  { key: 'DemoSignKey2026', t: '1767225600', sign: '2f9763609dac94447f10f9778c0f854d' },
  { key: 'abcDEF123456', t: '1800000000', sign: 'cf25ea8be14fb7f7529bdb38fe4b142b' },
];

function signAt(key: string, t: number) {
  return { sign: createHash('md5').update(`${key}${t}`).digest('hex'), t: String(t) };
}

describe('verifyCallbackSignature()', () => {
  it.each(VECTORS)('accepts the known signature of $key', ({ key, t, sign }) => {
    expect(verifyCallbackSignature({ sign, t }, [key], Number(t) - 600)).toEqual({
      authentic: true,
      key: 0,
    });
  });

  it('accepts hexadecimal letters of either case', () => {
    const { sign, t } = signAt('key', 1_000_600);

    const verdict = verifyCallbackSignature({ sign: sign.toUpperCase(), t }, ['key'], 1_000_000);

    expect(verdict.authentic).toBe(true);
  });

  it.each(['1800000000x', 'x1800000000', ' 1800000000', '1e9', '1000000000000000', ''])(
    'refuses a correctly signed T that is not a number: %j',
    (t) => {
      const sign = createHash('md5').update(`key${t}`).digest('hex');

      expect(verifyCallbackSignature({ sign, t }, ['key'], 1_799_999_400)).toEqual({
        authentic: false,
        refusal: 'mismatch',
      });
    },
  );

  it('returns the index of the matching key', () => {
    const signature = signAt('old', 1_000_600);

    expect(verifyCallbackSignature(signature, ['new', 'old'], 1_000_000)).toEqual({
      authentic: true,
      key: 1,
    });
    expect(verifyCallbackSignature(signature, ['new'], 1_000_000)).toEqual({
      authentic: false,
      refusal: 'mismatch',
    });
  });

  it.each([
    { ahead: -1, refusal: 'expired' },
    { ahead: 0, refusal: undefined },
    { ahead: 900, refusal: undefined },
    { ahead: 901, refusal: 'too_far_ahead' },
  ])('accepts or refuses a T that is $ahead s ahead', ({ ahead, refusal }) => {
    const now = 1_000_000;

    const verdict = verifyCallbackSignature(signAt('key', now + ahead), ['key'], now);

    expect(verdict).toEqual(
      refusal === undefined ? { authentic: true, key: 0 } : { authentic: false, refusal },
    );
  });

  it.each(['soon', '1000600x', 'x1000600', '1000000000000000'])(
    'refuses a correctly signed T that is not a number of seconds: %s',
    (t) => {
      const sign = createHash('md5').update(`key${t}`).digest('hex');

      expect(verifyCallbackSignature({ sign, t }, ['key'], 1_000_000)).toEqual({
        authentic: false,
        refusal: 'mismatch',
      });
    },
  );

  it('never throws, and accepts no signature without the key', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer(), (sign, t, now) => {
        expect(verifyCallbackSignature({ sign, t }, ['k1', 'k2'], now).authentic).toBe(false);
      }),
    );
  });
});
