import type { Applications } from '../account.ts';
import { authorise } from './authorisation.ts';
import { bucketOf, type UgcDependencies } from './dependencies.ts';
import type { Outcome } from './outcome.ts';
import { parsePrepare } from './requests.ts';

/**
 * PrepareUploadUGC: answers the regions that a client may race against each other, just one where the signature names
 * it. Uses up no signature. Throws `UgcRefusal`.
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
