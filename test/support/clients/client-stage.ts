import { Client as VodClient } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import type { RecordedActivity } from '../../../tools/local/activity.ts';
import type { LocalStack } from '../../../tools/local/local-stack.ts';
import { seen } from '../activities.ts';
import type { MadeFile } from '../made-file.ts';
import type { UploadPlan } from './client.ts';

const MEBIBYTE = 1024 * 1024;

/** The account's own application, and that of another tenant. */
export const SUB_APP_IDS = { own: 1_500_000_001, other: 1_500_000_002 } as const;

/** What a caller may upload whose token has the claim `plan: small`. */
export const SMALL_PLAN = { regions: ['ap-tokyo'], maxBytes: 1_000 } as const;

/** Settings of the stack that all clients upload to. */
export const STACK_CHANGE = {
  emulator: { procedureMilliseconds: 20, attemptWaits: [0, 20, 20] },
  custom: {
    upload: {
      policy: {
        tenants: { claim: 'org', subAppIds: SUB_APP_IDS },
        profiles: { small: SMALL_PLAN },
        select: [{ profile: 'small', claim: { name: 'plan', value: 'small' } }],
      },
    },
  },
} as const;

/** Returns the address of the stack's port, without a name to look up. */
export function addressOf({ origin }: LocalStack): string {
  return `127.0.0.1:${new URL(origin).port}`;
}

/** Returns the vendor's client of VOD's API, with the account's key or another one. */
export function connectApi(stack: LocalStack, secretKey = stack.account.secretKey): VodClient {
  return new VodClient({
    credential: { secretId: stack.account.secretId, secretKey },
    region: 'ap-singapore',
    profile: { httpProfile: { endpoint: addressOf(stack), protocol: 'http://' } },
  });
}

/** Calls a function, or a control, of the stack as an operator, who may see every upload; throws if it is refused. */
export async function callStack(stack: LocalStack, method: string, path: string) {
  const token = await mintToken(stack, { scope: 'upload:read upload:admin' });
  return fetchJson(stack, method, path, { authorization: `Bearer ${token}` });
}

async function mintToken(stack: LocalStack, request: object): Promise<string> {
  return (await fetchJson(stack, 'POST', '/__local/token', {}, request)).token;
}

async function fetchJson(
  { origin }: LocalStack,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: object,
) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(origin + path, { method, headers, ...sent });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answers ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** Returns the tenant to which the plan's application belongs, as tokens name it. */
export function tenantOf({ subAppId }: Pick<UploadPlan, 'subAppId'>): keyof typeof SUB_APP_IDS {
  return subAppId === SUB_APP_IDS.other ? 'other' : 'own';
}

/** Returns the body of `POST /signature` for a plan. */
export function signatureRequestOf({ wish = {} }: Pick<UploadPlan, 'wish'>) {
  const { expireTime: _byTheClient, maxBytes, ...fields } = wish;
  return { ...fields, ...(maxBytes === undefined ? {} : { limits: { maxBytes } }) };
}

/** An upload signature that the `signature` function issued. */
interface Issued {
  readonly signature: string;
  readonly uploadId: string;
}

/**
 * Has the `signature` function issue a signature to a user of the plan's application. `uploadId` is that of an upload
 * that already has one, and `claims` are further ones of the user's token.
 */
export async function issueSignature(
  stack: LocalStack,
  plan: Pick<UploadPlan, 'wish' | 'subAppId'>,
  more: { readonly uploadId?: string | undefined; readonly oneTimeValid?: boolean } = {},
  claims: object = {},
): Promise<Issued> {
  const token = await mintToken(stack, { claims: { org: tenantOf(plan), ...claims } });
  const request = { ...signatureRequestOf(plan), ...more };
  return fetchJson(stack, 'POST', '/signature', { authorization: `Bearer ${token}` }, request);
}

/** Limits the speed of all uploads together; null ends that. */
export function limitSpeed(stack: LocalStack, bytesPerSecond: number | null) {
  return fetchJson(stack, 'POST', '/__local/speed', {}, { bytesPerSecond });
}

/** In bytes per second: an upload of several MiB can be interrupted. */
const SLOW = 4 * MEBIBYTE;

/** Returns the numbers of the parts of a media that are stored, in the order of their arrival. */
export function storedParts(stack: LocalStack, fileId: string): number[] {
  return seen(stack, 'storage').flatMap((activity) =>
    activity.key.includes(fileId) ? partOf(activity) : [],
  );
}

/**
 * Limits the speed until three more parts are stored, and then stops all uploads, until {@link limitSpeed} lets them
 * continue. Resolves with the numbers of the three.
 */
export async function stopAfterThreeParts(stack: LocalStack): Promise<() => Promise<number[]>> {
  await limitSpeed(stack, SLOW);
  const stored: number[] = [];
  const enough = new Promise<void>((resolve) => {
    const stop = stack.activity.listen((recorded) => {
      stored.push(...partOf(recorded));
      if (stored.length < 3) return;
      stop();
      resolve();
    });
  });
  const stopped = enough.then(() => limitSpeed(stack, 1));
  return async () => {
    await stopped;
    return stored;
  };
}

function partOf(activity: RecordedActivity): number[] {
  const stored =
    activity.type === 'storage' && activity.operation === 'UploadPart' && activity.status === 200;
  return stored ? [activity.partNumber ?? 0] : [];
}

let made = 0;

/** Returns a file that no other test has. */
export function newFile(name: string, bytes: number): MadeFile {
  made += 1;
  return { name: name.replace('.', `-${made}.`), bytes, seed: made };
}

/** Returns a media file of this many parts of 1 MiB, of which the last is short. */
export function newLargeFile(parts = 4): MadeFile {
  return newFile('film.mp4', (parts - 1) * MEBIBYTE + 7);
}
