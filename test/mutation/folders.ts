/**
 * Folders of lib whose tests are held to find faults, and the tests that each is held by: its own, and those of the
 * functions where a request meets all of it. None of them needs more than half a minute.
 */
export const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  signing: ['test/lib/signing'],
  validation: ['test/lib/validation'],
  model: ['test/lib/model'],
  policy: ['test/lib/policy', 'test/functions/pull-policy.test.ts'],
  auth: ['test/lib/auth', 'test/functions/signature.test.ts'],
  webhooks: ['test/lib/webhooks'],
  pulls: [
    'test/lib/pulls',
    'test/functions/pull.test.ts',
    'test/functions/pull-ledger.test.ts',
    'test/functions/pull-policy.test.ts',
    'test/functions/idempotency.test.ts',
  ],
  ingest: [
    'test/lib/ingest',
    'test/functions/callback.test.ts',
    'test/functions/callback-hand-on.test.ts',
    'test/functions/callback-sign-keys.test.ts',
  ],
};
