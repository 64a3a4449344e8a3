import { createSecretKey, randomInt } from 'node:crypto';
import * as v from 'valibot';
import { createClientCalls } from '../../client/put/client-calls.ts';
import { callJson } from '../../client/put/json-call.ts';
import { PutError } from '../../client/put/put-error.ts';
import { createServerClock, type ServerClock } from '../../client/put/server-clock.ts';
import type { Transport } from '../../client/put/transport.ts';
import type { UploadAccess } from '../../client/put/upload-access.ts';
import { signUpload } from '../../lib/signing/upload-signature.ts';
import { defined } from '../../lib/validation/json-object.ts';
import { API_CONTENT_TYPE, signApiCall } from './tc3-signature.ts';

/** A key of an account. */
interface AccountKey {
  readonly secretId: string;
  readonly secretKey: string;
  /** Session token of a temporary key. */
  readonly token: string | undefined;
}

/** VOD's API, and who calls it. */
export interface DirectOptions {
  /** URL of the API. */
  readonly api: string;
  readonly key: AccountKey;
  readonly subAppId: number | undefined;
  /** Parameters of ApplyUpload, under VOD's names, except for those about the files. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly transport: Transport;
  readonly cloudUrl: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const applied = v.object({
  StorageBucket: v.string(),
  StorageRegion: v.string(),
  VodSessionKey: v.string(),
  MediaStoragePath: v.string(),
  CoverStoragePath: v.optional(v.nullable(v.string())),
  TempCertificate: v.object({
    ...{ SecretId: v.string(), SecretKey: v.string(), Token: v.string() },
    ExpiredTime: v.number(),
  }),
});
const committed = v.object({
  FileId: v.string(),
  MediaUrl: v.string(),
  CoverUrl: v.optional(v.nullable(v.string())),
});

/** Seconds for which the signature of one request is valid. */
const SIGNATURE_SECONDS = 600;

/**
 * Creates the way in with an account's key: ApplyUpload and CommitUpload.
 *
 * The API has no call for other credentials of the same upload. They are asked for as a client does, with a signature by
 * the same key; that VOD accepts this for a session of ApplyUpload is not documented.
 *
 * @see https://cloud.tencent.com/document/product/266/31767
 */
export function createDirectAccess(options: DirectOptions): UploadAccess {
  const { key, subAppId, parameters, now } = options;
  const application = defined({ SubAppId: subAppId });
  const calls = createClientCalls(options);
  const clock = createServerClock(now);
  const call = <Schema extends v.GenericSchema>(action: string, schema: Schema, request: object) =>
    callApi(action, schema, request, { ...options, clock });
  return {
    target: `${options.api} ${subAppId ?? ''}`,
    prepare:
      ({ name, type, cover }) =>
      async () => {
        const answer = await call('ApplyUpload', applied, {
          ...application,
          ...parameters,
          ...{ MediaName: name, MediaType: type },
          ...(cover === undefined ? {} : { CoverType: cover.type }),
        });
        const { SecretId, SecretKey, Token, ExpiredTime } = answer.TempCertificate;
        const {
          StorageBucket: bucket,
          StorageRegion: region,
          CoverStoragePath: coverPath,
        } = answer;
        return {
          session: { key: answer.VodSessionKey, bucket, region },
          grant: { secretId: SecretId, secretKey: SecretKey, token: Token, expiresAt: ExpiredTime },
          mediaKey: answer.MediaStoragePath.replace(/^\//, ''),
          coverKey: coverPath ? coverPath.replace(/^\//, '') : undefined,
        };
      },
    async renew(session) {
      const currentTimeStamp = Math.floor(clock.now() / 1_000);
      const signature = signUpload(
        {
          ...{ secretId: key.secretId, currentTimeStamp, random: randomInt(2 ** 32) },
          expireTime: currentTimeStamp + SIGNATURE_SECONDS,
          vodSubAppId: subAppId,
        },
        createSecretKey(Buffer.from(key.secretKey)),
      );
      return calls.renew(signature, session.key);
    },
    permit: async () => '',
    async commit(session) {
      const answer = await call('CommitUpload', committed, {
        ...application,
        VodSessionKey: session.key,
      });
      const { FileId: fileId, MediaUrl: mediaUrl, CoverUrl: coverUrl } = answer;
      return { fileId, mediaUrl, coverUrl: coverUrl || undefined };
    },
  };
}

/** Codes that another attempt may not get: https://cloud.tencent.com/document/product/266/31773. */
const TRANSIENT = /^(?:InternalError|RequestLimitExceeded|ServiceUnavailable)\b/;

/** Code of CommitUpload, a day after ApplyUpload: https://cloud.tencent.com/document/product/266/31766. */
const SESSION_OVER = 'InvalidParameterValue.VodSessionKey';

async function callApi<Schema extends v.GenericSchema>(
  action: string,
  schema: Schema,
  parameters: object,
  { api, key, transport, signal, clock }: DirectOptions & { readonly clock: ServerClock },
): Promise<v.InferOutput<Schema>> {
  const url = new URL(api);
  const body = JSON.stringify(parameters);
  const timestamp = Math.floor(clock.now() / 1_000);
  const answer = await callJson(transport, {
    ...{ method: 'POST', url, text: body, signal },
    headers: {
      'Content-Type': API_CONTENT_TYPE,
      Authorization: signApiCall({ host: url.host, path: url.pathname, body, timestamp }, key),
      'X-TC-Action': action,
      'X-TC-Version': '2018-07-17',
      'X-TC-Timestamp': String(timestamp),
      ...defined({ 'X-TC-Token': key.token }),
    },
  });
  const { json, headers } = answer;
  const { success, output } = v.safeParse(v.object({ Response: schema }), json);
  if (success) return output.Response;
  const refusal = v.safeParse(
    v.object({ Response: v.object({ Error: v.object({ Code: v.string() }) }) }),
    json,
  );
  const reason = refusal.success ? refusal.output.Response.Error.Code : 'an answer without a code';
  const isClockNew = reason.startsWith('AuthFailure') && clock.adjust(headers.date);
  if (reason === SESSION_OVER) {
    const message = `VOD does not continue this upload (${reason}): its session lasts a day.`;
    throw new PutError('session_over', message, { reason });
  }
  throw new PutError('refused', `VOD refuses ${action} with ${reason}.`, {
    ...{ reason, isTransient: TRANSIENT.test(reason) || isClockNew },
  });
}
