import { createHmac } from 'node:crypto';
import type { Applications } from '../account.ts';
import type { UploadFile, UploadSession } from '../state.ts';
import type { StorageGrant } from '../storage/grant.ts';
import { authoriseStep } from './authorisation.ts';
import { issueGrant } from './credentials.ts';
import { secondsOf, type UgcDependencies } from './dependencies.ts';
import type { Outcome } from './outcome.ts';
import { refusal } from './refusals.ts';
import { type ApplyRequest, parseApply } from './requests.ts';
import { findSession, openSession } from './sessions.ts';
import type { UploadSignature } from './upload-signature.ts';

/** The older, short names of regions; no tested client reads them. Only the first was found in real data. */
const SHORT_REGIONS = new Map([['ap-chongqing', 'cq']]);

function enterSession(
  ugc: UgcDependencies,
  signature: UploadSignature,
  apply: ApplyRequest,
): UploadSession {
  if (apply.kind !== 'resume') return openSession(ugc, signature, apply);
  const session = findSession(ugc, signature, apply.request.vodSessionKey);
  if (session.committedAt === null) return session;
  throw refusal('invalid session', 'this upload is committed');
}

function describeTarget(file: UploadFile, grant: StorageGrant) {
  // No client uses storageSignature any more; it is part of the answer's shape.
  const storageSignature = createHmac('sha1', grant.secretKey).update(file.path).digest('base64');
  return { storageSignature, storagePath: file.path };
}

function buildApplyData(ugc: UgcDependencies, session: UploadSession, grant: StorageGrant) {
  const { account } = ugc;
  const { video, cover, storageRegion } = session;
  return {
    ...(video === null ? {} : { video: describeTarget(video, grant) }),
    ...(cover === null ? {} : { cover: describeTarget(cover, grant) }),
    storageAppId: account.storageAppId,
    storageBucket: account.storageBucket,
    storageRegion: SHORT_REGIONS.get(storageRegion) ?? storageRegion,
    // Uploads with the COS protocol read one spelling, those with the S3 protocol the other.
    storageRegionV5: storageRegion,
    StorageRegionV5: storageRegion,
    domain: 'vod2.qcloud.com',
    vodSessionKey: session.vodSessionKey,
    appId: account.appId,
    timestamp: secondsOf(ugc.now),
    tempCertificate: {
      secretId: grant.secretId,
      secretKey: grant.secretKey,
      token: grant.token,
      expiredTime: grant.expiresAt,
    },
  };
}

/**
 * ApplyUploadUGC: returns where a client may store its files and the credentials for it, for a new media, for an upload
 * that continues, or for a media's new cover. Throws `UgcRefusal`.
 */
export async function applyUpload(
  applications: Applications<UgcDependencies>,
  body: unknown,
): Promise<Outcome> {
  const apply = parseApply(body);
  const { signature, ugc } = authoriseStep(applications, apply.request.signature);
  const session = enterSession(ugc, signature, apply);
  const grant = issueGrant(ugc, session);
  await ugc.state.save();
  return { data: buildApplyData(ugc, session, grant), session };
}
