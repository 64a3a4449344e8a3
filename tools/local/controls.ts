import type { IncomingMessage, ServerResponse } from 'node:http';
import { type JWTPayload, SignJWT } from 'jose';
import * as v from 'valibot';
import type { Policy } from '../../lib/policy/settings.ts';
import { isJsonObject } from '../../lib/validation/json-object.ts';
import type { ActivityLog, RecordedActivity } from './activity.ts';
import { ARRIVAL_CONTROLS } from './arrival-controls.ts';
import type { Account } from './emulator/account.ts';
import type { Emulator } from './emulator/emulator.ts';
import { FAULTS, type FaultName, type Faults } from './emulator/faults.ts';
import type { SpeedLimit } from './emulator/storage/speed-limit.ts';
import { LOCAL_JWT_AUDIENCE } from './local-functions.ts';
import type { LocalKeys } from './local-keys.ts';
import { type Sweeper, SweepFailure } from './sweeper.ts';

/** The parts of the stack that the controls use. */
export interface ControlledParts {
  readonly account: Account;
  readonly keys: Pick<LocalKeys, 'jwtSecret' | 'webhookSecret'>;
  /** Undefined if the policy has none. */
  readonly tenants: Policy['tenants'];
  readonly callbackUrl: string;
  readonly databaseUrl: string;
  readonly sweeper: Sweeper;
  readonly activity: ActivityLog;
  readonly faults: Faults;
  readonly speed: SpeedLimit;
  readonly emulator: Emulator;
}

/** Answers a request below `/__local/`, which exists only in the local stack and not in the cloud. */
export type Controls = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => Promise<void>;

type Control = (parts: ControlledParts, body: unknown) => unknown;

const MAX_BODY_BYTES = 64 * 1024;
const DEFAULT_TOKEN_SECONDS = 3_600;

const tokenRequest = v.strictObject({
  sub: v.nullish(v.pipe(v.string(), v.nonEmpty()), 'local-user'),
  scope: v.nullish(v.string(), 'upload:sign'),
  expiresIn: v.nullish(v.pipe(v.number(), v.integer()), DEFAULT_TOKEN_SECONDS),
  /** Further claims, such as the tenant's. */
  claims: v.nullish(v.custom<JWTPayload>(isJsonObject, 'must be an object'), {}),
});
const faultNames = Object.keys(FAULTS) as [FaultName, ...FaultName[]];
const faultRequest = v.strictObject({
  fault: v.picklist(faultNames, `must be one of ${faultNames.join(', ')}`),
  times: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
  value: v.optional(v.pipe(v.number(), v.minValue(0))),
});
const speedRequest = v.strictObject({
  bytesPerSecond: v.nullable(v.pipe(v.number(), v.minValue(1))),
});

const CONTROLS: Readonly<Record<string, Control>> = {
  'POST /__local/token': ({ keys }, body) => mintToken(v.parse(tokenRequest, body), keys.jwtSecret),
  'GET /__local/info': describeStack,
  'GET /__local/faults': ({ faults }) => ({ available: FAULTS, armed: faults.armed() }),
  'POST /__local/faults': ({ faults }, body) => {
    const { fault, times, value } = v.parse(faultRequest, body);
    faults.arm(fault, times, value);
    return { armed: faults.armed() };
  },
  'DELETE /__local/faults': ({ faults }) => {
    faults.clear();
    return { armed: [] };
  },
  'GET /__local/speed': ({ speed }) => ({ bytesPerSecond: speed.bytesPerSecond() }),
  'POST /__local/speed': ({ speed }, body) => {
    speed.set(v.parse(speedRequest, body).bytesPerSecond);
    return { bytesPerSecond: speed.bytesPerSecond() };
  },
  'POST /__local/sweep': ({ sweeper }) => sweeper.run(),
  ...ARRIVAL_CONTROLS,
};

/** The controls that pages of other origins need: a token, and information about the stack. Any method works. */
const OPEN_CONTROLS = ['/__local/token', '/__local/info'];

/** Returns whether a control is for pages of all allowed origins, and not only for the stack's own page. */
export function isOpenControl({ pathname }: URL): boolean {
  return OPEN_CONTROLS.includes(pathname);
}

/** Returns the controls of one stack. */
export function createControls(parts: ControlledParts): Controls {
  return async (request, response, url) => {
    if (request.method === 'GET' && url.pathname === '/__local/events') {
      streamActivities(parts.activity, request, response, url);
      return;
    }
    const control = CONTROLS[`${request.method} ${url.pathname}`];
    if (control === undefined) {
      answerJson(response, 404, { detail: `The controls are ${Object.keys(CONTROLS).join(', ')}` });
      return;
    }
    try {
      answerJson(response, 200, await control(parts, await readJson(request)));
    } catch (error) {
      answerJson(response, error instanceof SweepFailure ? 502 : 400, { detail: explain(error) });
    }
  };
}

function explain(error: unknown): string {
  if (error instanceof SweepFailure) return error.message;
  if (!v.isValiError(error)) return String(error);
  return error.issues
    .map((issue) => `${v.getDotPath(issue) ?? 'body'}: ${issue.message}`)
    .join('; ');
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

/** Streams activities as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html. */
function streamActivities(
  activity: ActivityLog,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write('retry: 1000\n\n');
  const write = (recorded: RecordedActivity) => {
    response.write(`id: ${recorded.seq}\ndata: ${JSON.stringify(recorded)}\n\n`);
  };
  const since = Number(request.headers['last-event-id'] ?? url.searchParams.get('since') ?? 0);
  for (const recorded of activity.since(Number.isFinite(since) ? since : 0)) write(recorded);
  request.once('close', activity.listen(write));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) throw new RangeError('The body is too large');
  }
  return text === '' ? {} : JSON.parse(text);
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    .end(JSON.stringify(body));
}
