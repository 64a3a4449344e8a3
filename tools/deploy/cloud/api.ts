import type { VodCredentials } from '../../../lib/vod/call.ts';
import { createVendorClient } from '../../../lib/vod/call.ts';
import { readRefusal } from '../../../lib/vod/error.ts';
import { DeployError } from '../deploy-error.ts';

/** One API of the cloud. */
export interface CloudApi {
  /**
   * Returns what the API answers.
   *
   * @throws {CloudRefusal} where the API refuses.
   * @throws {DeployError} where it could not be asked.
   */
  call(action: string, parameters: object): Promise<unknown>;
}

/** What all calls have in common. */
export interface CloudAccess {
  readonly credentials: VodCredentials;
  /** Region of the service. */
  readonly region: string;
  /** Returns a text of the cloud without what is secret; it may quote what it was sent. */
  readonly hide: (text: string) => string;
}

/** Says that the cloud refused a call, and why. */
export class CloudRefusal extends DeployError {
  /** As `ResourceNotFound.Function`. */
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

/** Longer than any of the actions takes. */
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

/** Values that are shorter are no secrets, and would blot out half of a sentence. */
const SHORTEST_SECRET = 6;

/** Returns how to take `secrets` out of a text. */
export function createHide(secrets: readonly (string | undefined)[]): (text: string) => string {
  const hidden = secrets
    .filter((secret) => secret !== undefined)
    .filter(({ length }) => length >= SHORTEST_SECRET)
    // The longest first, since one may be a part of another.
    .sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}
