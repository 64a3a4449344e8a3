/**
 * Folders of lib whose tests are held to find faults, and the tests that each is held by: its own, and those of the
 * functions where a request meets all of it. Those that need a minute are not among them.
 */
export const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  signing: ['test/lib/signing'],
  validation: ['test/lib/validation', 'test/functions/mistaken-requests.test.ts'],
  model: ['test/lib/model'],
  policy: ['test/lib/policy'],
  auth: ['test/lib/auth'],
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
