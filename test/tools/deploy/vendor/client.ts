import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';

/** Bundled both ways: only the vendor's client, as a handler would create it. */
export function createClient(endpoint: string, reqTimeout: number): Pick<Client, 'request'> {
  return new Client({
    credential: { secretId: 'AKIDexample', secretKey: 'secret-key-example' },
    region: 'ap-singapore',
    profile: { httpProfile: { endpoint, protocol: 'http://', reqTimeout } },
  });
}
