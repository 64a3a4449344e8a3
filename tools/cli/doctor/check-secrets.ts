import { type Environment, splitList } from '../../../lib/config/environment.ts';
import { isJsonObject } from '../../../lib/validation/json-object.ts';
import { explainSecret } from '../../../lib/webhooks/message.ts';
import { finding, type Note } from './note.ts';

/** Half of what VOD accepts; with only letters and digits, about 95 bits. */
const MIN_SIGN_KEY_LENGTH = 16;

/** Random secrets of the accepted lengths practically always have more different bytes than this. */
const FEWEST_DIFFERENT_BYTES = 8;

/** Long enough not to appear by chance. */
const TELLING_WORDS = /secret|password|passwort|example|changeme|webhook|qwerty|123456|abcdef/i;

/** Finds secrets that can be guessed. Other checks report malformed ones. */
export function checkSecrets(environment: Environment): readonly Note[] {
  return [
    ...checkSignKeys(splitList(environment['CALLBACK_SIGN_KEYS'] ?? '')),
    ...checkContextKeys(splitList(environment['SOURCE_CONTEXT_KEYS'] ?? '')),
    ...checkJwtSecret(environment['AUTH_JWT_SECRET'] ?? ''),
    ...checkWebhookSecrets(environment['WEBHOOK_ENDPOINTS'] ?? ''),
  ];
}

function checkSignKeys(keys: readonly string[]): readonly Note[] {
  return keys.flatMap((key, place) => {
    const weakness =
      key.length < MIN_SIGN_KEY_LENGTH
        ? `has less than ${MIN_SIGN_KEY_LENGTH} letters and digits`
        : explainWeakness(Buffer.from(key));
    if (weakness === undefined) return [];
    return finding(
      'secrets',
      `Key ${place + 1} of CALLBACK_SIGN_KEYS ${weakness}, so notifications can be forged.`,
      'Generate one with "openssl rand -hex 16", put it first in CALLBACK_SIGN_KEYS, deploy, run "vod-upload setup --send-sign-key", and take the old one away.',
    );
  });
}

function checkContextKeys(keys: readonly string[]): readonly Note[] {
  return keys.flatMap((key, place) => {
    const weakness = explainWeakness(Buffer.from(key));
    if (weakness === undefined) return [];
    return finding(
      'secrets',
      `Key ${place + 1} of SOURCE_CONTEXT_KEYS ${weakness}, so other programs can pass media off as uploads of this service.`,
      'Generate one with "openssl rand -base64 32", put it first, deploy, and take the old one away when no upload of it is left.',
    );
  });
}

function checkJwtSecret(secret: string): readonly Note[] {
  const weakness = secret === '' ? undefined : explainWeakness(Buffer.from(secret));
  if (weakness === undefined) return [];
  return [
    finding(
      'secrets',
      `AUTH_JWT_SECRET ${weakness}, so callers' tokens can be forged.`,
      'Set AUTH_JWT_SECRET to what "openssl rand -base64 48" prints, for the functions and for anyone who makes the tokens.',
    ),
  ];
}

function checkWebhookSecrets(endpoints: string): readonly Note[] {
  const notes: Note[] = [];
  const placeOf = new Map<string, number>();
  for (const [place, secrets] of readWebhookSecrets(endpoints).entries()) {
    for (const secret of secrets) {
      const weakness = explainWeakness(Buffer.from(secret.replace(/^whsec_/, ''), 'base64'));
      const first = placeOf.get(secret);
      placeOf.set(secret, first ?? place);
      const isShared = first !== undefined && first !== place;
      if (weakness === undefined && !isShared) continue;
      notes.push(
        finding(
          'secrets',
          isShared
            ? `Endpoints ${first} and ${place} of WEBHOOK_ENDPOINTS have the same secret, so each can forge messages to the other.`
            : `The secret of endpoint ${place} of WEBHOOK_ENDPOINTS ${weakness}, so messages to it can be forged.`,
          'Give each endpoint of WEBHOOK_ENDPOINTS its own: whsec_ and what "openssl rand -base64 32" prints.',
        ),
      );
    }
  }
  return notes;
}

/** Returns the well-formed secrets of each endpoint; other checks report malformed ones. */
function readWebhookSecrets(text: string): readonly (readonly string[])[] {
  let endpoints: unknown;
  try {
    endpoints = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(endpoints)) return [];
  return endpoints.map((endpoint: unknown) => {
    const secret = isJsonObject(endpoint) ? endpoint['secret'] : undefined;
    const secrets = typeof secret === 'string' ? secret.split(' ') : [];
    return secrets.filter((text) => explainSecret(text) === undefined);
  });
}

function explainWeakness(secret: Buffer): string | undefined {
  if (TELLING_WORDS.test(secret.toString('latin1'))) return 'contains a word that many use';
  if (new Set(secret).size < FEWEST_DIFFERENT_BYTES) return 'consists of few different characters';
  return undefined;
}
