import type {
  DescribeEventConfigResponse,
  DescribeStorageRegionsResponse,
  DescribeSubAppIdsResponse,
  ModifyEventConfigRequest,
  StorageRegionInfo,
  SubAppIdInfo,
} from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { defined } from '../../../lib/validation/json-object.ts';
import type { VodApiConfig } from '../../../lib/vod/api-config.ts';
import type { VodCredentials } from '../../../lib/vod/credentials.ts';
import { createCloudClient } from './cloud-client.ts';

/** The settings of an application for event notifications. */
export interface EventSettings {
  /** Empty where VOD names none. */
  readonly mode: string;
  /** The address that notifications are sent to; empty where there is none. */
  readonly callbackUrl: string;
  readonly uploadEvents: string;
  readonly deleteEvents: string;
  readonly persistenceEvents: string;
}

/** The settings of a VOD account, as its console shows them. All calls reject with a `Problem`. */
export interface VodAccount {
  /** https://cloud.tencent.com/document/product/266/36304; every key of the account may call it. */
  readonly listApplications: () => Promise<readonly SubAppIdInfo[]>;
  /** https://cloud.tencent.com/document/product/266/72480 */
  readonly listRegions: () => Promise<readonly StorageRegionInfo[]>;
  /** https://cloud.tencent.com/document/product/266/55247 */
  readonly readEventSettings: () => Promise<EventSettings>;
  /** https://cloud.tencent.com/document/product/266/55246 */
  readonly changeEventSettings: (
    request: Omit<ModifyEventConfigRequest, 'SubAppId'>,
  ) => Promise<void>;
}

/** Most applications in one answer. */
const PAGE = 200;

/** Returns access to the account of `credentials`, and in it to the application that `config` names. */
export function createVodAccount(config: VodApiConfig, credentials: VodCredentials): VodAccount {
  const { endpoint, protocol, region, subAppId } = config;
  const client = createCloudClient({ endpoint, protocol, region }, credentials);
  const application = defined({ SubAppId: subAppId });
  return {
    async listApplications() {
      const all: SubAppIdInfo[] = [];
      for (;;) {
        const { SubAppIdInfoSet: some = [] } = await client.call<DescribeSubAppIdsResponse>(
          'DescribeSubAppIds',
          { Offset: all.length, Limit: PAGE },
        );
        all.push(...some);
        if (some.length < PAGE) return all;
      }
    },
    async listRegions() {
      const answer = await client.call<DescribeStorageRegionsResponse>(
        'DescribeStorageRegions',
        application,
      );
      return answer.StorageRegionInfos ?? [];
    },
    async readEventSettings() {
      const answer = await client.call<DescribeEventConfigResponse>(
        'DescribeEventConfig',
        application,
      );
      return {
        mode: answer.Mode ?? '',
        callbackUrl: answer.NotificationUrl ?? '',
        uploadEvents: answer.UploadMediaCompleteEventSwitch ?? '',
        deleteEvents: answer.DeleteMediaCompleteEventSwitch ?? '',
        persistenceEvents: answer.PersistenceCompleteEventSwitch ?? '',
      };
    },
    async changeEventSettings(request) {
      await client.call('ModifyEventConfig', { ...application, ...request });
    },
  };
}
