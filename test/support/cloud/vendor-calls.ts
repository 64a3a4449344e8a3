import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CLOUD_ACCOUNT, type CloudKey } from './account.ts';
import type { Cloud } from './cloud.ts';

/** A call for one of the vendor's clients; a `Body` is in base64. */
export interface VendorCall {
  readonly service: 'scf' | 'cam' | 'tag' | 'monitor' | 'cos';
  /** Name of the API's action, or of the storage client's method. */
  readonly action: string;
  readonly parameters?: object;
}

/** The result of a call. */
type VendorOutcome =
  | { readonly answer: Readonly<Record<string, unknown>>; readonly refusal?: undefined }
  | { readonly refusal: string; readonly message: string };

/** How the calls are signed. */
export interface VendorOptions {
  readonly key?: CloudKey;
  readonly signMethod?: 'HmacSHA256' | 'HmacSHA1' | 'TC3-HMAC-SHA256';
  readonly region?: string;
}

/** The clients of the vendor's plugin, in a separate process. */
export interface Vendor {
  /** Makes calls one after another, and returns their results. */
  readonly call: (
    calls: readonly VendorCall[],
    options?: VendorOptions,
  ) => Promise<readonly VendorOutcome[]>;
  readonly close: () => void;
}

const CLIENTS = fileURLToPath(new URL('./vendor-clients.cjs', import.meta.url));

/** Starts the vendor's clients. */
export function startVendor(cloud: Cloud): Vendor {
  const child = fork(CLIENTS, [], {
    env: { PATH: process.env['PATH'] ?? '', ...cloud.environment },
    execArgv: [],
  });
  return {
    call: (calls, options = {}) => {
      const { key = CLOUD_ACCOUNT.key, signMethod = 'HmacSHA256' } = options;
      const { region = CLOUD_ACCOUNT.region } = options;
      return new Promise((resolve, reject) => {
        const fail = (code: number | null) => reject(new Error(`The clients ended with ${code}`));
        child.once('close', fail);
        child.once('message', (outcomes) => {
          child.off('close', fail);
          resolve(outcomes as readonly VendorOutcome[]);
        });
        const all = calls.map((call) => ({ parameters: {}, ...call }));
        child.send({ calls: all, options: { key, signMethod, region } });
      });
    },
    close: () => child.disconnect(),
  };
}
