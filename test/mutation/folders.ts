/**
 * Folders of lib whose tests are held to find faults, and the tests that each is held by: its own, and those of the
 * functions where a request meets all of it. Those that need a minute are not among them.
 */
export const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  signing: ['test/lib/signing'],
  validation: ['test/lib/validation'],
  model: ['test/lib/model', 'test/lib/policy/settings.test.ts'],
  policy: ['test/lib/policy'],
  // Tokens as issuers document them pass through what these hold already, by hundreds of connections.
  auth: [
    'test/lib/auth/token-claims.test.ts',
    'test/lib/auth/key-set-address.test.ts',
    'test/lib/auth/authenticate.test.ts',
  ],
  webhooks: ['test/lib/webhooks', 'test/lib/config/delivery-config.test.ts'],
  pulls: [
    'test/lib/pulls',
    'test/functions/pull.test.ts',
    'test/functions/pull-policy.test.ts',
    'test/functions/pull-ledger.test.ts',
  ],
  ingest: [
    'test/lib/ingest',
    'test/lib/sweep/drain-event-queue.test.ts',
    'test/functions/callback.test.ts',
    'test/functions/callback-absent.test.ts',
    'test/functions/callback-poison.test.ts',
    'test/functions/callback-record.test.ts',
    'test/functions/callback-rules.test.ts',
    'test/functions/callback-sign-keys.test.ts',
    'test/functions/callback-stateless.test.ts',
  ],
};
