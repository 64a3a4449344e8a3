import * as v from 'valibot';
import { apiHost, regionName, subAppId } from '../validation/fields.ts';
import { findVodCredentials, MISSING_CREDENTIALS, type VodCredentials } from './credentials.ts';

/** How VOD's API is called. */
export interface VodApiConfig {
  /** Host, with port and path if needed. */
  readonly endpoint: string;
  readonly protocol: 'https' | 'http';
  /** `X-TC-Region`; calls of VOD do not need it. */
  readonly region: string | undefined;
  /** Application for calls that do not name one; absent for the main one. */
  readonly subAppId: number | undefined;
  /** Most PullUpload calls within a second: of all instances if there is a database, else of one. */
  readonly pullsPerSecond: number;
  /** Most calls of any other action that all instances make within a second, if there is a database. */
  readonly callsPerSecond: number;
}

/** Host of VOD's API: https://cloud.tencent.com/document/product/266/31753. */
const CLOUD_ENDPOINT = 'vod.tencentcloudapi.com';

/** A share of the account's limit, so that several instances may pull at the same time. */
const DEFAULT_PULLS_PER_SECOND = '20';

/**
 * VOD accepts 100 calls of each of these actions in a second and account, so this leaves some for other programs.
 *
 * @see https://cloud.tencent.com/document/product/266/31753
 */
const DEFAULT_CALLS_PER_SECOND = '80';

// SCF's variables have no underscore before ID, KEY and TOKEN, unlike the variables that the vendor's clients read:
// https://cloud.tencent.com/document/product/583/32748.
const credentials = {
  TENCENTCLOUD_SECRETID: v.optional(v.string(), ''),
  TENCENTCLOUD_SECRETKEY: v.optional(v.string(), ''),
  TENCENTCLOUD_SESSIONTOKEN: v.optional(v.string(), ''),
  VOD_SECRET_ID: v.optional(v.string(), ''),
  VOD_SECRET_KEY: v.optional(v.string(), ''),
};

/** Schema of the credentials: those of the execution role if there is one, else the configured key. */
export const vodCredentialsEnvironment = v.pipe(
  v.object(credentials),
  v.rawTransform(({ dataset, addIssue, NEVER }): VodCredentials => {
    const e = dataset.value;
    const found = findVodCredentials(e);
    if (found !== undefined) return found;
    for (const key of ['VOD_SECRET_ID', 'VOD_SECRET_KEY'] as const) {
      if (e[key]) continue;
      addIssue({
        message: MISSING_CREDENTIALS,
        path: [{ type: 'object', origin: 'value', input: e, key, value: e[key] }],
      });
    }
    return NEVER;
  }),
);

/** Schema of everything that calls of VOD's API need, except credentials. */
export const vodCallEnvironment = v.pipe(
  v.object({
    VOD_API_ENDPOINT: v.optional(apiHost),
    VOD_API_PROTOCOL: v.optional(
      v.pipe(
        v.picklist(['https', 'http', 'https://', 'http://'], 'must be https or http'),
        v.transform((protocol) => (protocol.startsWith('https') ? 'https' : 'http')),
      ),
      'https',
    ),
    VOD_REGION: v.optional(regionName),
    VOD_SUB_APP_ID: v.optional(subAppId),
    // VOD accepts 100 per account: https://cloud.tencent.com/document/product/266/35575.
    VOD_PULLS_PER_SECOND: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^(?:[1-9]\d?|100)$/, 'must be a whole number from 1 to 100'),
        v.transform(Number),
      ),
      DEFAULT_PULLS_PER_SECOND,
    ),
    VOD_CALLS_PER_SECOND: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^(?:[1-9]\d{0,3}|10000)$/, 'must be a whole number from 1 to 10000'),
        v.transform(Number),
      ),
      DEFAULT_CALLS_PER_SECOND,
    ),
  }),
  // Session tokens are sent in a header: to the cloud, never unencrypted.
  v.forward(
    v.partialCheck(
      [['VOD_API_PROTOCOL'], ['VOD_API_ENDPOINT']],
      (e) => e.VOD_API_PROTOCOL === 'https' || e.VOD_API_ENDPOINT !== undefined,
      'must be https unless VOD_API_ENDPOINT names another host',
    ),
    ['VOD_API_PROTOCOL'],
  ),
);

/** Schemas of everything that calls of VOD's API need, including credentials. */
export const vodApiEnvironment = [vodCallEnvironment, vodCredentialsEnvironment] as const;

/** Returns the configuration in a checked environment. */
export function describeVodApi(e: v.InferOutput<typeof vodCallEnvironment>): VodApiConfig {
  return Object.freeze({
    endpoint: e.VOD_API_ENDPOINT ?? CLOUD_ENDPOINT,
    protocol: e.VOD_API_PROTOCOL,
    region: e.VOD_REGION,
    subAppId: e.VOD_SUB_APP_ID,
    pullsPerSecond: e.VOD_PULLS_PER_SECOND,
    callsPerSecond: e.VOD_CALLS_PER_SECOND,
  });
}
