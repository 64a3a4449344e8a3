import { randomBytes } from 'node:crypto';
import type { UploadSession } from '../state.ts';
import type { StorageGrant } from '../storage/grant.ts';
import { bucketOf, secondsOf, type UgcDependencies } from './dependencies.ts';

/** Lifetime of storage credentials: our guess. */
const CREDENTIAL_SECONDS = 1_800;
const SHORT_CREDENTIAL_SECONDS = 20;

/** Creates storage credentials for the folder of a session's file and adds them to those in the state. */
export function issueGrant(ugc: UgcDependencies, session: UploadSession): StorageGrant {
  const short = ugc.faults.take('short-credentials');
  const seconds =
    short === undefined ? CREDENTIAL_SECONDS : (short.value ?? SHORT_CREDENTIAL_SECONDS);
  const grant: StorageGrant = {
    secretId: `AKIDtmp${randomBytes(16).toString('hex')}`,
    secretKey: randomBytes(24).toString('base64url'),
    token: randomBytes(48).toString('base64url'),
    expiresAt: secondsOf(ugc.now) + seconds,
    bucket: bucketOf(ugc.account),
    region: session.storageRegion,
    prefix: `${ugc.account.storageBucket}/${session.fileId}/`,
  };
  ugc.state.grants.set(grant.secretId, grant);
  return grant;
}
