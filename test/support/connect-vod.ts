import { clock } from '../../lib/system.ts';
import type { VodApiConfig } from '../../lib/vod/api-config.ts';
import { createVodApi, type VodApi } from '../../lib/vod/client.ts';

/** Differences from the calls of a service without an application, which do not wait before retries. */
interface VodChange extends Partial<VodApiConfig> {
  readonly credentials?: { readonly secretId: string; readonly secretKey: string };
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/** Returns calls to the VOD at `endpoint`, which is host and port. */
export function connectVod(
  endpoint: string,
  { credentials, sleep = async () => {}, ...change }: VodChange = {},
): VodApi {
  return createVodApi(
    {
      ...{ endpoint, protocol: 'http', region: undefined, subAppId: undefined },
      ...{ pullsPerSecond: 100, ...change },
    },
    {
      readCredentials: () => ({
        ...{ secretId: 'AKIDexample', secretKey: 'secret-key-example', token: undefined },
        ...credentials,
      }),
      clock: { ...clock, sleep },
      random: { fraction: () => 0 },
    },
  );
}
