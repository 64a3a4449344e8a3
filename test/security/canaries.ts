import { hash } from 'node:crypto';
import { deriveSignKey } from '../../lib/signing/secrets.ts';
import { signCallback } from '../support/sign-callback.ts';

/** Where output of a function can go. */
export type Outlet =
  /** The answer to the caller: headers and body. */
  | 'answer'
  /** Standard output and standard error. */
  | 'log'
  /** Calls of the cloud's APIs, including their headers. */
  | 'cloud'
  /** Messages to consumers, by any transport. */
  | 'message'
  /** Everything that the ledger stores. */
  | 'database';

/** A value that may only occur in certain outlets. */
export interface Canary {
  readonly name: string;
  readonly value: string;
  readonly belongs: readonly Outlet[];
}

/**
 * Returns only letters and digits, the most that a `SignKey` may have, so that every variable and header accepts it.
 */
function invent(name: string): string {
  return `Canary${hash('sha256', name, 'hex').slice(0, 26)}`;
}

function plant(name: string, ...belongs: Outlet[]): Canary {
  return { name, value: invent(name), belongs };
}

const signKey = plant('CALLBACK_SIGN_KEYS');

/** What VOD adds to a notification that it sends now; anyone who has it can send others for ten minutes. */
export const SIGNED = signCallback(signKey.value, Math.floor(Date.now() / 1_000) + 600);

/** An application that belongs to a tenant, or could. */
export const TENANTS_APPLICATION = 1_500_000_002;

/** Its key, and what VOD adds to its notifications. */
const tenantsSignKey = deriveSignKey(signKey.value, TENANTS_APPLICATION);
export const TENANTS_SIGNED = signCallback(tenantsSignKey, SIGNED.T);

/** All canaries. */
export const CANARIES = {
  // The upload signature and the cloud's own signatures contain the id of the key that signed them.
  keyId: plant('VOD_SECRET_ID', 'answer', 'cloud'),
  key: plant('VOD_SECRET_KEY'),
  previousKey: plant('VOD_PREVIOUS_SECRET_KEY'),
  contextKey: plant('SOURCE_CONTEXT_KEYS'),
  roleKeyId: plant('TENCENTCLOUD_SECRETID', 'cloud'),
  roleKey: plant('TENCENTCLOUD_SECRETKEY'),
  roleToken: plant('TENCENTCLOUD_SESSIONTOKEN', 'cloud'),
  jwtSecret: plant('AUTH_JWT_SECRET'),
  databasePassword: plant('password of DATABASE_URL'),
  signKey,
  tenantsSignKey: { name: "SignKey of a tenant's application", value: tenantsSignKey, belongs: [] },
  tenantsSign: { name: 'Sign of a tenant', value: TENANTS_SIGNED.Sign, belongs: [] },
  sign: { name: 'Sign of a notification', value: SIGNED.Sign, belongs: [] },
  webhookSecret: plant('secret of WEBHOOK_ENDPOINTS'),
  webhookQuery: plant('query of a webhook URL', 'message'),
  apiKey: plant('API key of the settings'),
  claim: plant('claim of a token'),
  foreignToken: plant('token of somebody else'),
  cookie: plant('cookie'),
  header: plant('header that nobody reads'),
  requestQuery: plant('query of a request'),
  path: plant('path of a request'),
  unknownField: plant('value of an unknown field'),
  wrongField: plant('value of a wrong field'),
  // Short enough for a parser to quote it.
  brokenBody: { name: 'body that is no JSON', value: 'Zq8Canary5', belongs: [] },
  mediaQuery: plant('query of a media URL', 'cloud', 'database'),
  coverQuery: plant('query of a cover URL', 'cloud', 'database'),
  refusedUrl: plant('user and password of a refused URL'),
  idempotencyKey: plant('idempotency key', 'database'),
  sourceContext: plant('sourceContext', 'answer', 'cloud', 'message', 'database'),
  sessionContext: plant('sessionContext', 'answer', 'cloud', 'message', 'database'),
  forgery: plant('notification that nobody signed'),
  // It is stored while VOD cannot be asked.
  denied: plant('notification that VOD denies', 'database'),
  eventSecret: plant('context and address of a notification', 'answer', 'message', 'database'),
  // The log has a notification that can neither be stored nor found again, in separate lines.
  eventText: plant('text of a notification', 'answer', 'message', 'database'),
  variable: plant('variable that is malformed'),
} as const satisfies Record<string, Canary>;

/** Returns the names of the canaries in `text`, in any spelling. */
export function findCanaries(text: string, canaries: readonly Canary[]): readonly string[] {
  return canaries
    .filter(({ value }) => spell(value).some((form) => text.includes(form)))
    .map(({ name }) => name);
}

const spelt = new Map<string, readonly string[]>();

/** Returns the spellings of a canary: as it is, reversed, and in Base64 and hexadecimal. */
export function spell(value: string): readonly string[] {
  const known = spelt.get(value);
  if (known !== undefined) return known;
  const bytes = Buffer.from(value);
  const forms = [
    value,
    [...value].reverse().join(''),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...[0, 1, 2].map((before) => spellBase64(bytes, before)),
  ];
  spelt.set(value, forms);
  return forms;
}

/** Returns the Base64 digits that do not depend on the surrounding bytes, of which `before` precede. */
function spellBase64(bytes: Buffer, before: number): string {
  const whole = Buffer.concat([Buffer.alloc(before), bytes]);
  const first = Math.ceil((before * 8) / 6);
  const end = Math.floor((whole.length * 8) / 6);
  return whole.toString('base64').slice(first, end);
}
