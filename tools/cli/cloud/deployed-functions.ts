import type { Environment } from '../../../lib/config/environment.ts';
import { Problem } from '../../../lib/problem.ts';
import type { VodCredentials } from '../../../lib/vod/credentials.ts';
import { isEnabled, readAddress, type TriggerState } from '../../deploy/cloud/trigger-state.ts';
import { createCloudClient, readRefusalCode } from './cloud-client.ts';

/** Where the functions were deployed to. */
export interface Deployment {
  /** Region of the functions, such as ap-singapore. */
  readonly region: string;
  readonly service: string;
  readonly stage: string;
}

/** A function as the platform describes it. */
export interface DeployedFunction {
  /** Such as Nodejs20.19. */
  readonly runtime: string;
  /** Name of its execution role; empty where it has none. */
  readonly role: string;
  /** Its address for HTTP; undefined if it has no such trigger that is enabled. */
  readonly url: string | undefined;
  /** Whether a timer calls it. */
  readonly timed: boolean;
  /** Its variables, which must not be shown. */
  readonly variables: Environment;
}

/** https://cloud.tencent.com/document/product/583/17235 */
const API_VERSION = '2018-04-16';

interface FunctionAnswer {
  readonly Runtime?: string;
  readonly Role?: string | null;
  readonly Environment?: {
    readonly Variables?: readonly { readonly Key: string; readonly Value: string }[] | null;
  } | null;
}

interface TriggersAnswer {
  readonly Triggers?: readonly TriggerState[] | null;
}

/** Types of triggers with an address, the usual one first. */
const HTTP_TRIGGERS = ['http', 'apigw'];

/** Returns a function by its name in `functions/`; undefined if it is not deployed. Rejects with a `Problem`. */
export type FindFunction = (name: string) => Promise<DeployedFunction | undefined>;

/**
 * Returns a lookup of functions in SCF. `SCF_API_ENDPOINT` and `SCF_API_PROTOCOL` select another server than the
 * cloud's.
 */
export function createFindFunction(
  { region, service, stage }: Deployment,
  credentials: VodCredentials,
  environment: Environment,
): FindFunction {
  const client = createCloudClient(
    {
      endpoint: environment['SCF_API_ENDPOINT'] || 'scf.tencentcloudapi.com',
      protocol: environment['SCF_API_PROTOCOL'] === 'http' ? 'http' : 'https',
      region,
      version: API_VERSION,
    },
    credentials,
  );
  return async (name) => {
    const which = { FunctionName: `${service}-${stage}-${name}`, Namespace: 'default' };
    try {
      const request = { ...which, ShowCode: 'FALSE' };
      const answer = await client.call<FunctionAnswer>('GetFunction', request);
      const { Runtime = '', Role } = answer;
      const variables = answer.Environment?.Variables ?? [];
      const { Triggers } = await client.call<TriggersAnswer>('ListTriggers', which);
      const triggers = Triggers ?? [];
      const addresses = HTTP_TRIGGERS.flatMap((type) =>
        triggers.filter(({ Type }) => Type === type).map(readAddress),
      );
      const address = addresses.find((found) => found !== undefined);
      // The path of each function is its name, with API Gateway and with a Function URL.
      const url = address && `${address}/${name}`;
      const timed = triggers.some((trigger) => trigger.Type === 'timer' && isEnabled(trigger));
      return {
        ...{ runtime: Runtime, role: Role ?? '', url, timed },
        variables: Object.fromEntries(variables.map(({ Key, Value }) => [Key, Value])),
      };
    } catch (error) {
      if (readRefusalCode(error)?.startsWith('ResourceNotFound.Function')) return undefined;
      throw nameScf(error);
    }
  };
}

/** The shared code for calls has VOD in its messages. */
function nameScf(error: unknown): unknown {
  if (!(error instanceof Problem)) return error;
  const { code, vod } = error;
  const reason = vod === undefined ? 'it could not be reached' : `it answers ${vod.code}`;
  const text = `SCF does not describe the functions: ${reason}.`;
  return new Problem(text, { code, cause: error, ...(vod && { vod }) });
}
