import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveSignKey } from '../../../lib/signing/secrets.ts';

const signKeys = fc.stringMatching(/^[A-Za-z0-9]{1,32}$/);
const applications = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

describe('deriveSignKey()', () => {
  it('returns an HMAC of the application, which never changes', () => {
    const digest = createHmac('sha256', 'DemoSignKey2026')
      .update('callback-sign-key/1/1500000002')
      .digest('hex');

    expect(deriveSignKey('DemoSignKey2026', 1_500_000_002)).toBe(digest.slice(0, 32));
  });

  it('returns a key that VOD accepts and that differs by secret and application', () => {
    const property = fc.property(
      fc.uniqueArray(signKeys, { minLength: 2, maxLength: 4 }),
      fc.uniqueArray(applications, { minLength: 2, maxLength: 4 }),
      (keys, subAppIds) => {
        const derived = keys.flatMap((key) => subAppIds.map((id) => deriveSignKey(key, id)));

        // https://cloud.tencent.com/document/product/266/55246
        for (const key of derived) expect(key).toMatch(/^[A-Za-z0-9]{1,32}$/);
        expect(new Set([...keys, ...derived]).size).toBe(keys.length + derived.length);
      },
    );
    fc.assert(property);
  });
});
