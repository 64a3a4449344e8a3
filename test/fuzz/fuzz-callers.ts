import { createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import { CANARIES } from '../security/canaries.ts';
import type { Chance } from '../support/chance.ts';
import { makeJunk } from './junk.ts';

/** The service's own application, and the applications of its tenants. */
export const APPLICATIONS = [1_500_000_001, 1_500_000_002, 1_500_000_003] as const;

const [, ACME, GLOBEX] = APPLICATIONS;
const CLAIM = 'org';
const SCOPES = ['upload:sign', 'upload:pull', 'upload:read', 'upload:cancel', 'upload:admin'];
const KEY = CANARIES.apiKey.value;
const TENANTLESS_KEY = `${KEY}-of-nobody`;

/** Settings that assign callers to tenants. */
export const TENANT_SETTINGS = {
  keys: [
    { name: 'server', sha256: digest(KEY), scopes: SCOPES, tenant: 'acme' },
    { name: 'nobody', sha256: digest(TENANTLESS_KEY), scopes: SCOPES },
  ],
  policy: { tenants: { claim: CLAIM, subAppIds: { acme: ACME, globex: GLOBEX } } },
};

/** Values of `Authorization`, each with all rights. */
export interface FuzzCallers {
  /** Of a caller who belongs to a tenant. */
  readonly known: readonly string[];
  /** Of a caller who belongs to no tenant, whatever the token says. */
  readonly strangers: readonly string[];
}

const WRONG_NAMES: readonly unknown[] = [
  ...['', ' ', 'acme ', 'ACME', 'nobody', '__proto__', 'constructor', 'toString', 'hasOwnProperty'],
  ...['acme\0', '😀', 'a'.repeat(10_000), String(ACME), ACME, 0, -1, 1e308, true, false, null],
  ...[[], ['acme'], [['acme']], {}, { acme: ACME }, { toString: 'acme' }, { __proto__: null }],
];

/** Number of additional invented values of the claim. */
const JUNK_COUNT = 40;

/** Returns callers whose tokens are valid for hours. */
export async function makeCallers(chance: Chance): Promise<FuzzCallers> {
  const names = [...WRONG_NAMES, ...Array.from({ length: JUNK_COUNT }, () => makeJunk(chance, 4))];
  const strangers = names.map((name) => mint({ [CLAIM]: name }));
  return {
    known: [
      ...(await Promise.all(['acme', 'globex'].map((name) => mint({ [CLAIM]: name })))),
      `Bearer ${KEY}`,
    ],
    strangers: [
      ...(await Promise.all([mint({}), mint({ acme: 'acme', tenant: 'acme' }), ...strangers])),
      `Bearer ${TENANTLESS_KEY}`,
    ],
  };
}

async function mint(claims: Readonly<Record<string, unknown>>): Promise<string> {
  const token = await new SignJWT({ scope: SCOPES.join(' '), ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('ann')
    .setExpirationTime(Math.floor(Date.now() / 1_000) + 36_000)
    .sign(Buffer.from(CANARIES.jwtSecret.value));
  return `Bearer ${token}`;
}

function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
