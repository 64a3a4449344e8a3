import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';

/** Bundled both ways: the vendor's client alone, as a handler would make it. */
export function createClient(endpoint: string, reqTimeout: number): Pick<Client, 'request'> {
  return new Client({
    credential: { secretId: 'AKIDexample', secretKey: 'secret-key-example' },
    region: 'ap-singapore',
    profile: { httpProfile: { endpoint, protocol: 'http://', reqTimeout } },
  });
}
