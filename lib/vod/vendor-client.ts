import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Client } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_client.js';
import { defined } from '../validation/json-object.ts';
import { toCredentialSource, type VodCredentials } from './credentials.ts';

/** An API of Tencent Cloud: all of them share one format and one signature. */
interface CloudApi {
  /** Host, with port and path if needed. */
  readonly endpoint: string;
  readonly protocol: 'https' | 'http';
  readonly region: string | undefined;
  /** If absent, that of VOD. */
  readonly version?: string;
  /** Seconds that an answer may take; if absent, the vendor's default of 60. */
  readonly answerSeconds?: number;
  /**
   * Whether connections stay open between calls; true if absent. A server closes one that was idle, and a call that is just
   * being sent on it fails: a program that does not repeat calls opens a connection for each.
   */
  readonly keepsOpen?: boolean;
}

/** The vendor's client, reduced to its one method that calls any action. */
type VendorClient = Pick<Client, 'request'>;

/**
 * Creates the vendor's client of an API. It may keep connections open, so an instance creates it once.
 *
 * @param readCredentials called for every request; the vendor's client treats an error that it throws as a failed
 * request.
 */
export function createVendorClient(
  { endpoint, protocol, region, version, answerSeconds, keepsOpen = true }: CloudApi,
  readCredentials: () => VodCredentials,
): VendorClient {
  const client = new Client({
    credential: toCredentialSource(readCredentials),
    ...defined({ region }),
    profile: {
      httpProfile: {
        endpoint,
        protocol: `${protocol}://`,
        // The default agent of Node.js drops connections that are idle for five seconds.
        agent:
          protocol === 'https'
            ? new HttpsAgent({ keepAlive: keepsOpen })
            : new HttpAgent({ keepAlive: keepsOpen }),
        ...defined({ reqTimeout: answerSeconds }),
      },
    },
  });
  // The vendor's clients differ only in the version that they send, and in methods that are not used here.
  if (version !== undefined) client.apiVersion = version;
  return client;
}
