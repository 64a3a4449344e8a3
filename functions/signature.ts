import { randomInt, randomUUID } from 'node:crypto';
import { readSignatureConfig, type SignatureConfig } from '../lib/config/signature-config.ts';
import { createAuthenticate, requireScope } from '../lib/http/authenticate.ts';
import { readHeader, readJsonBody } from '../lib/http/event.ts';
import { httpHandler, type Route } from '../lib/http/http-handler.ts';
import { openLedgerLazily, type ReachLedger } from '../lib/ledger/reach-ledger.ts';
import { signUpload } from '../lib/signing/upload-signature.ts';
import { sealEnvelope } from '../lib/uploads/envelope.ts';
import { createKeepIssued } from '../lib/uploads/keep-issued.ts';
import {
  createUploadId,
  deriveUploadIdKey,
  isUploadIdOf,
  UPLOAD_ID_RANDOM_RANGE,
} from '../lib/uploads/upload-id.ts';
import { formatIsoTime } from '../lib/validation/iso-time.ts';
import { parseSignatureRequest } from '../lib/validation/signature-request.ts';

/** `random` is an unsigned 32-bit integer: https://cloud.tencent.com/document/product/266/9221. */
const RANDOM_RANGE = 2 ** 32;

/** What the route takes from outside. */
export interface SignatureDependencies {
  readonly config: SignatureConfig;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A cryptographically random whole number below `range`. */
  readonly random: (range: number) => number;
  /** Where there is one, no upload begins that it does not know. */
  readonly ledger?: ReachLedger | undefined;
}

/** What a caller gets. */
export interface SignatureAnswer {
  readonly signature: string;
  readonly uploadId: string;
  /** ISO 8601: the end of the signature's life. */
  readonly expiresAt: string;
}

/** Answers the route `POST /signature`. */
export function createSignatureRoute(dependencies: SignatureDependencies): Route {
  const { config, now, random, ledger } = dependencies;
  const authenticate = createAuthenticate(config.auth, []);
  const keepIssued = createKeepIssued(ledger, now);
  const uploadIdKey = deriveUploadIdKey(config.secretKey);
  const uploadIdKeys = [uploadIdKey];
  if (config.previousSecretKey !== undefined) {
    uploadIdKeys.push(deriveUploadIdKey(config.previousSecretKey));
  }

  return async (event, { log }) => {
    const nowMilliseconds = now();
    const nowSeconds = Math.floor(nowMilliseconds / 1_000);
    const caller = await authenticate(readHeader(event, 'authorization'), nowSeconds);
    log.owner = caller.owner;
    requireScope(caller, 'upload:sign');

    const request = parseSignatureRequest(readJsonBody(event, {}), nowSeconds, (uploadId) =>
      uploadIdKeys.some((key) => isUploadIdOf(caller.owner, key, uploadId)),
    );
    const uploadId =
      request.uploadId ??
      createUploadId(caller.owner, uploadIdKey, nowMilliseconds, random(UPLOAD_ID_RANDOM_RANGE));
    log.uploadId = uploadId;

    const expireTime = nowSeconds + request.expiresIn;
    const signature = signUpload(
      {
        secretId: config.secretId,
        currentTimeStamp: nowSeconds,
        expireTime,
        random: random(RANDOM_RANGE),
        classId: request.classId,
        procedure: request.procedure,
        taskPriority: request.taskPriority,
        taskNotifyMode: request.taskNotifyMode,
        sourceContext: sealEnvelope(
          {
            uploadId,
            owner: caller.owner,
            method: 'client',
            limits: request.limits,
            mediaExpireTime: request.mediaExpireTime,
          },
          request.sourceContext,
        ),
        oneTimeValid: request.oneTimeValid === true ? 1 : undefined,
        vodSubAppId: config.subAppId,
        sessionContext: request.sessionContext,
        storageRegion: request.storageRegion,
      },
      config.secretKey,
    );
    await keepIssued({ uploadId, owner: caller.owner, expireTime }, request);
    const answer: SignatureAnswer = { signature, uploadId, expiresAt: formatIsoTime(expireTime) };
    return { status: 200, body: answer };
  };
}

/** The function's entry point. */
export const main_handler = httpHandler('signature', ['POST'], () => {
  const config = readSignatureConfig(process.env);
  const route = createSignatureRoute({
    config,
    now: Date.now,
    random: randomInt,
    ledger: openLedgerLazily(config.databaseUrl, { now: Date.now, randomKey: randomUUID }),
  });
  return { corsOrigins: config.corsOrigins, route };
});
