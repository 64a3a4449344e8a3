import { randomInt, randomUUID } from 'node:crypto';
import { createAuthenticate, requireScope } from '../lib/auth/authenticate.ts';
import { checkDatabase } from '../lib/config/database-config.ts';
import { readSignatureConfig, type SignatureConfig } from '../lib/config/signature-config.ts';
import { openLedgerLazily, type WithLedger } from '../lib/ledger/lazy-ledger.ts';
import { encodeSourceContext } from '../lib/model/source-context.ts';
import {
  createUploadId,
  deriveUploadIdKey,
  isUploadIdOf,
  nameUploader,
  UPLOAD_ID_RANDOM_RANGE,
} from '../lib/model/upload-id.ts';
import { requireOwnApplication } from '../lib/policy/applications.ts';
import { createPermit } from '../lib/policy/permit-caller.ts';
import type { Profile } from '../lib/policy/profile.ts';
import { OPEN_PROFILE } from '../lib/policy/select-profile.ts';
import type { Settings } from '../lib/policy/settings.ts';
import { readHeader, readJsonBody, refuseInQuery } from '../lib/runtime/http-event.ts';
import { httpHandler, type Route } from '../lib/runtime/http-handler.ts';
import { routeWithSettings } from '../lib/runtime/route-with-settings.ts';
import { signUpload } from '../lib/signing/upload-signature.ts';
import type { Clock, Random } from '../lib/system.ts';
import { createUploadReservation } from '../lib/uploads/reserve-upload.ts';
import { formatIsoTime } from '../lib/validation/iso-time.ts';
import { DEFAULT_SIGNATURE_SECONDS } from '../lib/validation/limits.ts';
import {
  parseSignatureRequest,
  SIGNATURE_FIELDS,
  type SignatureRequest,
} from '../lib/validation/signature-request.ts';

/** `random` is an unsigned 32-bit integer: https://cloud.tencent.com/document/product/266/9221. */
const RANDOM_RANGE = 2 ** 32;

/** Dependencies of the route. */
export interface SignatureDependencies {
  readonly config: SignatureConfig;
  /** API keys, policy and rules: what each caller may ask for. */
  readonly settings: Settings;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'integer'>;
  /** Where there is a ledger, every upload is recorded in it before it can begin. */
  readonly ledger?: WithLedger | undefined;
}

/** What a caller gets. */
export interface SignatureAnswer {
  readonly signature: string;
  readonly uploadId: string;
  /** ISO 8601: the end of the signature's life. */
  readonly expiresAt: string;
  /** Of the file, from the request and the caller's profile, so that a client can refuse one before it sends it. */
  readonly limits: SignatureRequest['limits'];
}

/** Returns the route `POST /signature`. */
export function createSignatureRoute(dependencies: SignatureDependencies): Route {
  const { config, settings, clock, random, ledger } = dependencies;
  const authenticate = createAuthenticate(config.auth, settings.keys);
  const permit = createPermit(settings.policy);
  const ownSubAppId = requireOwnApplication(settings.policy, config.subAppId);
  const reserveUpload = createUploadReservation(ledger, clock);
  const uploadIdKey = deriveUploadIdKey(config.secretKey);
  const uploadIdKeys = [uploadIdKey];
  if (config.previousSecretKey !== undefined) {
    uploadIdKeys.push(deriveUploadIdKey(config.previousSecretKey));
  }

  return async (event, { log }) => {
    const nowMilliseconds = clock.now();
    const nowSeconds = Math.floor(nowMilliseconds / 1_000);
    const caller = await authenticate(readHeader(event, 'authorization'), nowSeconds);
    log.owner = caller.owner;
    requireScope(caller, 'upload:sign');

    const { profile, subAppId } = await permit(caller);
    if (subAppId !== undefined) log.subAppId = subAppId;
    const uploader = nameUploader(caller.owner, subAppId);
    refuseInQuery(event, SIGNATURE_FIELDS);
    const asked = parseSignatureRequest(readJsonBody(event, {}), nowSeconds, (uploadId) =>
      uploadIdKeys.some((key) => isUploadIdOf(uploader, key, uploadId)),
    );
    // Most callers have this profile, and a copy of the request costs as much as the signature itself.
    const bounded = profile === OPEN_PROFILE ? asked : await bound(profile, asked);
    const request = await resume(asked, bounded, ledger);
    const uploadId =
      request.uploadId ??
      createUploadId(
        uploader,
        uploadIdKey,
        nowMilliseconds,
        random.integer(UPLOAD_ID_RANDOM_RANGE),
      );
    log.uploadId = uploadId;

    const expireTime = nowSeconds + (request.expiresIn ?? DEFAULT_SIGNATURE_SECONDS);
    const issued = {
      ...{ uploadId, owner: caller.owner, subAppId: subAppId ?? ownSubAppId },
      ...{ nowSeconds, expireTime, profile },
    };
    const signature = sign(issued, request, config, random.integer(RANDOM_RANGE));
    const reserved = reserveUpload(issued, request);
    if (reserved !== undefined) await reserved;
    const answer: SignatureAnswer = {
      signature,
      uploadId,
      expiresAt: formatIsoTime(expireTime),
      limits: request.limits,
    };
    return { status: 200, body: answer };
  };
}

/** Loaded only where a profile has to be applied. */
async function bound(profile: Profile, asked: SignatureRequest): Promise<SignatureRequest> {
  const { boundSignature } = await import('../lib/policy/bound-signature.ts');
  return boundSignature(profile, asked);
}

/** Loaded only where an upload is continued that the ledger may know. */
async function resume(
  asked: SignatureRequest,
  bounded: SignatureRequest,
  ledger: WithLedger | undefined,
): Promise<SignatureRequest> {
  const { uploadId } = asked;
  if (ledger === undefined || uploadId === undefined) return bounded;
  const { continueUpload } = await import('../lib/uploads/continue-upload.ts');
  return continueUpload(uploadId, { asked, bounded }, ledger);
}

/** An upload for which a signature is about to be issued. Times are Unix seconds. */
interface Issued {
  readonly uploadId: string;
  readonly owner: string;
  /** Application of VOD; undefined for the account's main one. */
  readonly subAppId: number | undefined;
  readonly nowSeconds: number;
  readonly expireTime: number;
}

function sign(
  { uploadId, owner, subAppId, nowSeconds, expireTime }: Issued,
  request: SignatureRequest,
  config: SignatureConfig,
  random: number,
): string {
  const { limits, mediaExpireTime } = request;
  const envelope = { uploadId, owner, method: 'client', limits, mediaExpireTime } as const;
  return signUpload(
    {
      secretId: config.secretId,
      currentTimeStamp: nowSeconds,
      expireTime,
      random,
      classId: request.classId,
      procedure: request.procedure,
      taskPriority: request.taskPriority,
      taskNotifyMode: request.taskNotifyMode,
      sourceContext: encodeSourceContext(envelope, request.sourceContext, {
        key: config.contextKey,
        subAppId,
      }),
      oneTimeValid: request.oneTimeValid === true ? 1 : undefined,
      vodSubAppId: subAppId,
      sessionContext: request.sessionContext,
      storageRegion: request.storageRegion,
    },
    config.secretKey,
  );
}

/** The function's entry point. */
export const main_handler = httpHandler('signature', ['POST'], () => {
  const config = readSignatureConfig(process.env);
  // The clock and the random source of lib/system.ts would make the bundle larger than it may be.
  const ledger = openLedgerLazily(config, { clock: Date, random: { key: randomUUID } });
  const route = routeWithSettings(import.meta.dirname, (settings) =>
    createSignatureRoute({ config, settings, clock: Date, random: { integer: randomInt }, ledger }),
  );
  const { corsOrigins, corsHeaders } = config;
  return { corsOrigins, corsHeaders, route, ready: checkDatabase(config) };
});
