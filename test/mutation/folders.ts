/**
 * Folders of lib whose tests must find planted faults, and these tests of each: its own, and those of the functions in
 * which a request passes through the whole folder. Tests that need a minute are left out.
 */
export const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  signing: ['test/lib/signing'],
  validation: ['test/lib/validation', 'test/tools/openapi/document.test.ts'],
  model: ['test/lib/model', 'test/lib/policy/settings.test.ts'],
  policy: ['test/lib/policy'],
  // The tests with issuers' documented tokens open hundreds of connections and cover nothing that these do not.
  auth: [
    'test/lib/auth/token-claims.test.ts',
    'test/lib/auth/key-set-address.test.ts',
    'test/lib/auth/authenticate.test.ts',
    'test/lib/auth/authenticate-api-keys.test.ts',
    'test/lib/auth/authenticate-key-set.test.ts',
    'test/lib/auth/authenticate-key-rotation.test.ts',
  ],
  webhooks: ['test/lib/webhooks', 'test/lib/config/delivery-config.test.ts'],
  pulls: [
    'test/lib/pulls',
    'test/functions/pull.test.ts',
    'test/functions/pull-policy.test.ts',
    'test/functions/pull-ledger.test.ts',
    'test/functions/pull-pruned.test.ts',
  ],
  ingest: [
    'test/lib/ingest',
    'test/lib/sweep/drain-event-queue.test.ts',
    'test/lib/sweep/confirm-pending.test.ts',
    'test/lib/sweep/poison.test.ts',
    'test/functions/callback.test.ts',
    'test/functions/callback-signature.test.ts',
    'test/functions/callback-body.test.ts',
    'test/functions/callback-absent.test.ts',
    'test/functions/callback-burst.test.ts',
    'test/functions/callback-poison.test.ts',
    'test/functions/callback-pruned.test.ts',
    'test/functions/callback-record.test.ts',
    'test/functions/callback-retries.test.ts',
    'test/functions/callback-rules.test.ts',
    'test/functions/callback-sign-keys.test.ts',
    'test/functions/callback-stateless.test.ts',
  ],
};
