import { Webhook } from 'standardwebhooks';

/** Returns the value of `webhook-signature`: one signature for each secret, with a space between them. */
export type SignMessage = (id: string, sentAt: Date, body: string) => string;

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

const PREFIX = 'whsec_';

/** Returns what is wrong with `secret`, in words that tell nothing of it, or undefined where it may sign. */
export function explainSecret(secret: string): string | undefined {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  const key = Buffer.from(encoded, 'base64');
  // Node passes over what is not Base64, and consumers' libraries do not.
  const exact = key.toString('base64') === encoded;
  if (exact && key.length >= MIN_SECRET_BYTES && key.length <= MAX_SECRET_BYTES) return undefined;
  return `must be ${PREFIX} and the Base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} random bytes; several of them, while one is being replaced, with a space between them`;
}

/**
 * Returns how messages are signed with `secrets`, which nobody can read back from it.
 *
 * @param secrets for which {@link explainSecret} has nothing to say.
 */
export function createSigner(secrets: readonly string[]): SignMessage {
  const keys = secrets.map((secret) => new Webhook(secret));
  return (id, sentAt, body) => keys.map((key) => key.sign(id, sentAt, body)).join(' ');
}
