import { type JWTPayload, SignJWT } from 'jose';
import * as v from 'valibot';
import type { Policy } from '../../lib/policy/settings.ts';
import { isJsonObject } from '../../lib/validation/json-object.ts';
import { type Control, type Controls, createControlHandler } from './control-handler.ts';
import type { Account } from './emulator/account.ts';
import { FAULTS } from './emulator/faults.ts';
import { createEmulatorControls, type EmulatorParts } from './emulator-controls.ts';
import { LOCAL_JWT_AUDIENCE } from './local-functions.ts';
import type { LocalKeys } from './local-keys.ts';
import { type Sweeper, SweepFailure } from './sweeper.ts';

/** The parts of the stack that the controls use. */
export interface ControlledParts extends EmulatorParts {
  readonly account: Account;
  readonly keys: Pick<LocalKeys, 'jwtSecret' | 'webhookSecret'>;
  /** Undefined if the policy has none. */
  readonly tenants: Policy['tenants'];
  readonly callbackUrl: string;
  readonly databaseUrl: string;
  readonly sweeper: Sweeper;
}

const DEFAULT_TOKEN_SECONDS = 3_600;

const tokenRequest = v.strictObject({
  sub: v.nullish(v.pipe(v.string(), v.nonEmpty()), 'local-user'),
  scope: v.nullish(v.string(), 'upload:sign'),
  expiresIn: v.nullish(v.pipe(v.number(), v.integer()), DEFAULT_TOKEN_SECONDS),
  /** Further claims, such as the tenant's. */
  claims: v.nullish(v.custom<JWTPayload>(isJsonObject, 'must be an object'), {}),
});
const CONTROLS: Readonly<Record<string, Control<ControlledParts>>> = {
  ...createEmulatorControls(FAULTS),
  'POST /__local/token': ({ keys }, body) => mintToken(v.parse(tokenRequest, body), keys.jwtSecret),
  'GET /__local/health': () => ({ status: 'ok', pid: process.pid }),
  'GET /__local/info': describeStack,
  'POST /__local/sweep': ({ sweeper }) => sweeper.run(),
};

/** The controls that pages of other origins need: a token, and information about the stack. Any method works. */
const OPEN_CONTROLS = ['/__local/token', '/__local/info'];

/** Returns whether a control is for pages of all allowed origins, and not only for the stack's own page. */
export function isOpenControl({ pathname }: URL): boolean {
  return OPEN_CONTROLS.includes(pathname);
}

/** Returns the controls of one stack. */
export function createControls(parts: ControlledParts): Controls {
  return createControlHandler(parts, CONTROLS, (error) =>
    error instanceof SweepFailure ? { status: 502, detail: error.message } : undefined,
  );
}

function describeStack(parts: ControlledParts): object {
  const { account, tenants, callbackUrl, databaseUrl, emulator } = parts;
  const { secretId, secretKey, subAppId, otherSubAppIds, signKey, regions } = account;
  const { jwtSecret, webhookSecret } = parts.keys;
  const keys = { secretId, secretKey, subAppId, signKey, jwtSecret, webhookSecret };
  const applications = [subAppId, ...otherSubAppIds];
  const signKeys = { [subAppId]: signKey, ...account.otherSignKeys };
  const addresses = { callbackUrl, databaseUrl };
  return {
    ...keys,
    signKeys,
    applications,
    tenants,
    regions,
    ...addresses,
    media: emulator.media(),
    mediaCount: emulator.mediaCount(),
  };
}

/** Simulates the login of an app: returns a token as its backend would give to a user. */
async function mintToken(
  { sub, scope, expiresIn, claims }: v.InferOutput<typeof tokenRequest>,
  secret: string,
) {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  // A token from here never has an issuer; the other registered claims are set below.
  const { iss: _issuer, ...others } = claims;
  const token = await new SignJWT({ ...others, scope })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setAudience(LOCAL_JWT_AUDIENCE)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + expiresIn)
    .sign(new TextEncoder().encode(secret));
  return { token };
}
