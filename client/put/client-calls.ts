import * as v from 'valibot';
import type { StorageGrant } from './credentials.ts';
import { callJson } from './json-call.ts';
import { PutError } from './put-error.ts';
import { readRetryAfter } from './retry-after.ts';
import type { Transport } from './transport.ts';
import type { AppliedUpload, CommittedMedia, MediaDescription } from './upload-access.ts';

/** The host of client uploads, as in the vendor's SDKs: `vod-js-sdk-v6`, `src/uploader.ts`. */
const HOST = 'vod2.qcloud.com';

const path = v.object({ storagePath: v.string() });
const applied = v.object({
  video: v.optional(path),
  cover: v.optional(path),
  storageAppId: v.union([v.number(), v.string()]),
  storageBucket: v.string(),
  storageRegionV5: v.string(),
  vodSessionKey: v.string(),
  tempCertificate: v.object({
    ...{ secretId: v.string(), secretKey: v.string(), token: v.string() },
    expiredTime: v.number(),
  }),
});
const url = v.object({ url: v.string() });
const committed = v.object({ fileId: v.string(), video: url, cover: v.optional(url) });

/** VOD's interface for clients that have an upload signature. All calls make one attempt. */
export interface ClientCalls {
  /** ApplyUploadUGC of a new media. */
  readonly apply: (signature: string, media: MediaDescription) => Promise<AppliedUpload>;
  /** ApplyUploadUGC of an upload that was begun. Rejects with `session_over` if VOD refuses. */
  readonly renew: (signature: string, sessionKey: string) => Promise<StorageGrant>;
  /** CommitUploadUGC. */
  readonly commit: (signature: string, sessionKey: string) => Promise<CommittedMedia>;
}

/** Dependencies of calls for clients. */
export interface ClientCallsDependencies {
  readonly transport: Transport;
  /** Address under which an emulator answers for the cloud's hosts. */
  readonly cloudUrl: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Creates the calls. */
export function createClientCalls(dependencies: ClientCallsDependencies): ClientCalls {
  const call = <Schema extends v.GenericSchema>(action: string, schema: Schema, body: object) =>
    perform(action, schema, body, dependencies);
  return {
    async apply(signature, { name, type, size, cover }) {
      const data = await call('ApplyUploadUGC', applied, {
        ...{ signature, videoName: name, videoType: type },
        ...(size === undefined ? {} : { videoSize: size }),
        ...(cover === undefined
          ? {}
          : { coverName: cover.name, coverType: cover.type, coverSize: cover.size }),
      });
      return {
        session: {
          key: data.vodSessionKey,
          bucket: `${data.storageBucket}-${data.storageAppId}`,
          region: data.storageRegionV5,
        },
        grant: readGrant(data),
        mediaKey: toKey(data.video?.storagePath),
        coverKey: data.cover === undefined ? undefined : toKey(data.cover.storagePath),
      };
    },
    async renew(signature, vodSessionKey) {
      const body = { signature, vodSessionKey };
      return readGrant(await call('ApplyUploadUGC', applied, body).catch(refuseToContinue));
    },
    async commit(signature, vodSessionKey) {
      const data = await call('CommitUploadUGC', committed, { signature, vodSessionKey });
      return { fileId: data.fileId, mediaUrl: data.video.url, coverUrl: data.cover?.url };
    },
  };
}

/** @throws {PutError} `session_over` instead of a refusal. */
function refuseToContinue(error: unknown): never {
  if (!(error instanceof PutError && error.code === 'refused')) throw error;
  const message = `VOD does not continue this upload (${error.reason}): its session lasts a day.`;
  throw new PutError('session_over', message, { cause: error });
}

async function perform<Schema extends v.GenericSchema>(
  action: string,
  schema: Schema,
  body: object,
  { transport, cloudUrl, signal }: ClientCallsDependencies,
): Promise<v.InferOutput<Schema>> {
  const base = cloudUrl === undefined ? `https://${HOST}` : `${cloudUrl}/${HOST}`;
  const answer = await callJson(transport, {
    ...{ method: 'POST', url: new URL(`${base}/v3/index.php?Action=${action}`), signal },
    headers: { 'Content-Type': 'application/json' },
    text: JSON.stringify(body),
  });
  const { status, json } = answer;
  const { success, output } = v.safeParse(schema, json['data']);
  if (json['code'] === 0 && success) return output;
  const code = String(json['code'] ?? 'no code');
  throw new PutError('refused', `VOD refuses ${action} with ${code}${explain(code)}.`, {
    ...{ reason: code, isTransient: status >= 500, retryAfter: readRetryAfter(answer) },
  });
}

/** Codes that are known from the vendor's SDKs and from reports about them. */
const MEANINGS: Readonly<Record<string, string>> = {
  10001: ': something in the request is wrong, such as the type of the file',
  10004: ': the signature is wrong',
  10010: ': the signature has expired',
};

function explain(code: string): string {
  return MEANINGS[code] ?? '';
}

function readGrant({ tempCertificate }: v.InferOutput<typeof applied>): StorageGrant {
  const { secretId, secretKey, token, expiredTime } = tempCertificate;
  return { secretId, secretKey, token, expiresAt: expiredTime };
}

function toKey(storagePath = ''): string {
  return storagePath.replace(/^\//, '');
}
