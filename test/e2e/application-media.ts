import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import type { LocalStack } from '../../tools/local/local-stack.ts';

/** Returns the ids of the media that VOD's API knows in each application of the account. */
export async function mediaByApplication({
  account,
  origin,
}: Pick<LocalStack, 'account' | 'origin'>): Promise<Readonly<Record<number, readonly string[]>>> {
  const client = new Client({
    credential: { secretId: account.secretId, secretKey: account.secretKey },
    region: 'ap-singapore',
    profile: { httpProfile: { endpoint: new URL(origin).host, protocol: 'http://' } },
  });
  const applications = [account.subAppId, ...account.otherSubAppIds];
  const found = applications.map(async (SubAppId) => {
    const { MediaInfoSet = [] } = await client.SearchMedia({ SubAppId });
    return [SubAppId, MediaInfoSet.map(({ FileId = '' }) => FileId)] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}
