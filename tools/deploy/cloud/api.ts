import type { VodCredentials } from '../../../lib/vod/credentials.ts';
import { readRefusal } from '../../../lib/vod/error.ts';
import { createVendorClient } from '../../../lib/vod/vendor-client.ts';
import { DeployError } from '../deploy-error.ts';

/** One API of the cloud. */
export interface CloudApi {
  /**
   * Returns the API's answer.
   *
   * @throws {CloudRefusal} where the API refuses.
   * @throws {DeployError} where it could not be reached.
   */
  call(action: string, parameters: object): Promise<unknown>;
}

/** What all calls have in common. */
export interface CloudAccess {
  readonly credentials: VodCredentials;
  /** Region of the service. */
  readonly region: string;
  /** Returns a text of the cloud, which may quote the request, without secrets. */
  readonly hide: (text: string) => string;
}

/** The cloud refused a call; the message has the reason. */
export class CloudRefusal extends DeployError {
  /** Such as `ResourceNotFound.Function`. */
  readonly code: string;

  constructor(
    message: string,
    { code, cause }: { readonly code: string; readonly cause: unknown },
  ) {
    super(message, { cause });
    this.code = code;
  }
}

/** Versions of the APIs: https://cloud.tencent.com/document/product/583/17235, .../598/33159. */
const VERSIONS = { scf: '2018-04-16', cam: '2019-01-16' } as const;

/** Longer than any of the actions needs. */
const ANSWER_SECONDS = 30;

/** Returns one of the cloud's APIs, its calls signed with TC3-HMAC-SHA256 by the vendor's client. */
export function createCloudApi(
  name: keyof typeof VERSIONS,
  { credentials, region, hide }: CloudAccess,
): CloudApi {
  const client = createVendorClient(
    {
      endpoint: `${name}.tencentcloudapi.com`,
      protocol: 'https',
      region,
      version: VERSIONS[name],
      answerSeconds: ANSWER_SECONDS,
      keepsOpen: false,
    },
    () => credentials,
  );
  return {
    call: async (action, parameters) => {
      try {
        const answer: unknown = await client.request(action, parameters);
        return answer;
      } catch (error) {
        const message = hide(error instanceof Error ? error.message : String(error));
        const refusal = readRefusal(error);
        if (refusal === undefined) {
          throw new DeployError(`${action} could not be called: ${message}`, { cause: error });
        }
        throw new CloudRefusal(
          `${action} was refused with ${refusal.code}: ${message} (request ${refusal.requestId})`,
          { code: refusal.code, cause: error },
        );
      }
    },
  };
}

/** Returns the number of the account, which is part of its buckets' names. */
export async function readAppId(cam: CloudApi): Promise<string> {
  const answer = await cam.call('GetUserAppId', {});
  const appId =
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'AppId') : undefined;
  if (typeof appId === 'number' || (typeof appId === 'string' && appId !== '')) {
    return String(appId);
  }
  throw new DeployError('GetUserAppId answered without the number of the account.');
}

/** Shorter values are not secrets; hiding them would make sentences unreadable. */
const SHORTEST_SECRET = 6;

/** Returns the function that replaces `secrets` in a text by `***`. */
export function createHide(secrets: readonly (string | undefined)[]): (text: string) => string {
  const hidden = secrets
    .filter((secret) => secret !== undefined)
    .filter(({ length }) => length >= SHORTEST_SECRET)
    // The longest first, since one may be a part of another.
    .sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}
