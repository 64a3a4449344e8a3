import { Problem } from '../../../lib/problem.ts';
import { clock, random } from '../../../lib/system.ts';
import { callVod } from '../../../lib/vod/call.ts';
import type { VodCredentials } from '../../../lib/vod/credentials.ts';
import type { createVendorClient } from '../../../lib/vod/vendor-client.ts';

/** One of Tencent Cloud's APIs, called with one key. */
export interface CloudClient {
  /**
   * Returns the API's answer to `action`. Rejects with a `Problem` whose code begins with `upstream_`.
   *
   * The answer is not checked: the vendor's types have every field as optional.
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
    // The client is half of the program, so it is loaded before the first call only.
    const vendor = await import('../../../lib/vod/vendor-client.ts');
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

/** Returns whether the API refused the key itself: unknown id, wrong secret, or wrong time. */
export function isAuthFailure(error: unknown): boolean {
  return readRefusalCode(error)?.startsWith('AuthFailure') === true && !isDenied(error);
}

/** Returns whether the key is valid but lacks the permission for this call. */
export function isDenied(error: unknown): boolean {
  const code = readRefusalCode(error) ?? '';
  return code.startsWith('UnauthorizedOperation') || code === 'AuthFailure.UnauthorizedOperation';
}
