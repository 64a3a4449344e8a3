import type { Applications } from '../account.ts';
import { authorise } from './authorisation.ts';
import { bucketOf, type UgcDependencies } from './dependencies.ts';
import type { Outcome } from './outcome.ts';
import { parsePrepare } from './requests.ts';

/**
 * PrepareUploadUGC: returns the regions whose speeds a client may compare, or the one that the signature names. Does
 * not use a one-time signature up. Throws `UgcRefusal`.
 */
export async function prepareUpload(
  applications: Applications<UgcDependencies>,
  body: unknown,
): Promise<Outcome> {
  const { signature, ugc } = authorise(applications, parsePrepare(body).signature);
  const regions =
    signature.storageRegion === null ? ugc.account.regions : [signature.storageRegion];
  const cosRegionList = regions.map((region) => ({
    region,
    domain: `${bucketOf(ugc.account)}.cos.${region}.myqcloud.com`,
    isAcc: 0,
    ip: '',
  }));
  return { data: { appId: ugc.account.appId, cosRegionList } };
}
