import { expect, it } from 'vitest';
import { verifyNotification } from '../../../lib/ingest/verify-notification.ts';
import { deriveSignKey } from '../../../lib/signing/secrets.ts';
import { signCallback } from '../../support/sign-callback.ts';

const KEY = 'SignKeyExample';
const [OWN, ACME] = [1_500_000_001, 1_500_000_002];
const RECEIVED_AT = Date.UTC(2026, 0, 1);

/** Verifies a notification that is signed with `key`, at an address that names `subAppId`. */
function verify(key: string, subAppId?: unknown) {
  const queryString = subAppId === undefined ? {} : { subAppId };
  const body = JSON.stringify({ EventType: 'A', ...signCallback(key, RECEIVED_AT / 1_000 + 600) });
  const trusted = { signKeys: [KEY], acceptsShared: false };
  const judgement = { applications: [OWN, ACME] as const, trusted, receivedAt: RECEIVED_AT };
  return verifyNotification({ body, queryString }, judgement, {}).subAppId;
}

it('returns the application that the address names, and the own one where it names none', () => {
  expect(verify(KEY)).toBe(OWN);
  expect(verify(KEY, String(OWN))).toBe(OWN);
  expect(verify(deriveSignKey(KEY, ACME), String(ACME))).toBe(ACME);
});

it.each([
  ['a number', OWN],
  ['a list', [String(OWN)]],
  ['an empty text', ''],
])('takes %s for the name of an application that is none', (_what, name) => {
  expect(() => verify(KEY, name)).toThrow(
    expect.objectContaining({
      code: 'invalid_request',
      errors: [
        { path: 'subAppId', message: expect.stringContaining('application of this service') },
      ],
    }),
  );
});
