import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import { defined } from '../validation/json-object.ts';
import type { VodCredentials } from './api-config.ts';

/** An API of Tencent Cloud: all of them are framed and signed in one way. */
interface CloudApi {
  /** Host, with port and path where they are needed. */
  readonly endpoint: string;
  readonly protocol: 'https' | 'http';
  readonly region: string | undefined;
  /** That of VOD where it is absent. */
  readonly version?: string;
  /** Seconds that an answer may take; the vendor's own 60 where it is absent. */
  readonly answerSeconds?: number;
}

/** The vendor's client, reduced to its one call that takes any action. */
type VendorClient = Pick<Client, 'request'>;

/**
 * Returns the vendor's client of `api`. It holds open connections, so an instance makes one and keeps it.
 *
 * @param readCredentials read at every call; what it throws, the vendor's client takes for a failed request.
 */
export function createVendorClient(
  { endpoint, protocol, region, version, answerSeconds }: CloudApi,
  readCredentials: () => VodCredentials,
): VendorClient {
  const client = new Client({
    credential: {
      getCredential: async () => {
        const { secretId, secretKey, token } = readCredentials();
        return { secretId, secretKey, ...defined({ token }) };
      },
    },
    ...defined({ region }),
    profile: {
      httpProfile: {
        endpoint,
        protocol: `${protocol}://`,
        // Node's own agent drops connections that are idle for five seconds.
        agent:
          protocol === 'https'
            ? new HttpsAgent({ keepAlive: true })
            : new HttpAgent({ keepAlive: true }),
        ...defined({ reqTimeout: answerSeconds }),
      },
    },
  });
  // The vendor's clients differ in nothing but the version they name, and the methods that nobody calls here.
  if (version !== undefined) client.apiVersion = version;
  return client;
}
