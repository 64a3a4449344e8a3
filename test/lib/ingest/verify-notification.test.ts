import { expect, it } from 'vitest';
import { verifyNotification } from '../../../lib/ingest/verify-notification.ts';
import { deriveSignKey } from '../../../lib/signing/secrets.ts';
import { signCallback } from '../../support/sign-callback.ts';

const KEY = 'SignKeyExample';
const [OWN, ACME] = [1_500_000_001, 1_500_000_002];
const RECEIVED_AT = Date.UTC(2026, 0, 1);

/** Verifies a notification that is signed with `key` and sent to an address with `subAppId`. */
function verify(key: string, subAppId?: unknown) {
  const queryString = subAppId === undefined ? {} : { subAppId };
  const body = JSON.stringify({ EventType: 'A', ...signCallback(key, RECEIVED_AT / 1_000 + 600) });
  const trusted = { signKeys: [KEY], acceptsShared: false };
  const judgement = { applications: [OWN, ACME] as const, trusted, receivedAt: RECEIVED_AT };
  return verifyNotification({ body, queryString }, judgement, {}).subAppId;
}

it("returns the application of the address, or the service's own without one", () => {
  expect(verify(KEY)).toBe(OWN);
  expect(verify(KEY, String(OWN))).toBe(OWN);
  expect(verify(deriveSignKey(KEY, ACME), String(ACME))).toBe(ACME);
});

it.each([
  ['a number', OWN],
  ['a list', [String(OWN)]],
  ['an empty string', ''],
])('refuses %s as an application', (_what, name) => {
  expect(() => verify(KEY, name)).toThrow(
    expect.objectContaining({
      code: 'invalid_request',
      errors: [
        { path: 'subAppId', message: expect.stringContaining('application of this service') },
      ],
    }),
  );
});
