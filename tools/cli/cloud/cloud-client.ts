import { Problem } from '../../../lib/problem.ts';
import { clock, random } from '../../../lib/system.ts';
import type { createVendorClient, VodCredentials } from '../../../lib/vod/call.ts';
import { callVod } from '../../../lib/vod/call.ts';

/** One of Tencent Cloud's APIs, called with one key. */
export interface CloudClient {
  /**
   * Returns what the API says to `action`. Rejects with a `Problem` whose code begins with `upstream_`.
   *
   * The answer is taken at its word: the vendor's types have every field as optional.
   */
  readonly call: <Answer extends object>(action: string, request: object) => Promise<Answer>;
}

const ANSWER_MILLISECONDS = 10_000;

/** Returns a client for the API at `address`. */
export function createCloudClient(
  address: Omit<Parameters<typeof createVendorClient>[0], 'answerSeconds'>,
  credentials: VodCredentials,
): CloudClient {
  const open = async () => {
    // Half of the program, which is not loaded before something is asked.
    const vendor = await import('../../../lib/vod/call.ts');
    const answerSeconds = ANSWER_MILLISECONDS / 1_000;
    return vendor.createVendorClient({ ...address, answerSeconds }, () => credentials);
  };
  let client: ReturnType<typeof open> | undefined;
  return {
    call: (action, request) =>
      callVod(
        {
          send: async (signal) => {
            client ??= open();
            return (await client).request(action, request, signal ? { signal } : {});
          },
          timeLimit: ANSWER_MILLISECONDS,
        },
        { clock, random },
        {},
      ),
  };
}

/** Returns the code with which the API refused a call; undefined where `error` describes anything else. */
export function readRefusalCode(error: unknown): string | undefined {
  return error instanceof Problem ? error.vod?.code : undefined;
}

/** Returns whether the API let nobody in with this key: not known, not its secret, or not at this time. */
export function isAuthFailure(error: unknown): boolean {
  return readRefusalCode(error)?.startsWith('AuthFailure') === true && !isDenied(error);
}

/** Returns whether the key is good and this call is more than it may. */
export function isDenied(error: unknown): boolean {
  const code = readRefusalCode(error) ?? '';
  return code.startsWith('UnauthorizedOperation') || code === 'AuthFailure.UnauthorizedOperation';
}
