import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deriveSignKey } from '../../../../lib/signing/secrets.ts';
import { checkFunctions } from '../../../../tools/cli/doctor/check-functions.ts';
import { type Listening, listen } from '../../../support/listen.ts';

const [ACME, GLOBEX] = [1_500_000_002, 1_500_000_003];
const KEYS = ['5a9f1c6e8b3d7042', 'c07e94d1a2b86f35'];

let server: Listening;
/** Returns the keys that the function accepts at an address with this application. */
let keysOf: (subAppId: string | null) => readonly string[];

beforeAll(async () => {
  const callback = createServer(async (request, response) => {
    const { Sign, T } = Object(await json(request));
    const subAppId = new URL(request.url ?? '', server.origin).searchParams.get('subAppId');
    const fits = keysOf(subAppId).some(
      (key) => createHash('md5').update(`${key}${T}`).digest('hex') === Sign,
    );
    const detail = fits ? '"T" is in the past.' : '"Sign" matches none of the configured keys.';
    response.writeHead(401, { 'Content-Type': 'application/problem+json' });
    response.end(JSON.stringify({ status: 401, code: 'unauthorized', detail }));
  });
  server = await listen(callback);
});
afterAll(() => server.close());
beforeEach(() => {
  keysOf = (subAppId) =>
    subAppId === null ? KEYS : KEYS.map((key) => deriveSignKey(key, Number(subAppId)));
});

async function check(tenants: readonly number[]): Promise<readonly string[]> {
  const environment = { CALLBACK_SIGN_KEYS: KEYS.join() };
  const expected = { now: Date.now, misconfigured: new Set<string>(), tenants };
  const notes = await checkFunctions({ callback: `${server.origin}/` }, environment, expected);
  return notes.flatMap((note) =>
    note.kind === 'finding' && note.check === 'sign key' ? [note.text] : [],
  );
}

describe('the sign keys of the callback function', () => {
  it("are right if it accepts those of the own application and of tenants' applications", async () => {
    expect(await check([])).toEqual([]);
    expect(await check([ACME, GLOBEX])).toEqual([]);
  });

  it('are wrong if it accepts one key for all applications, as before each had its own', async () => {
    keysOf = () => KEYS;

    expect(await check([])).toEqual([]);
    expect(await check([ACME, GLOBEX])).toEqual([
      expect.stringContaining("does not know the SignKeys that tenants' applications have"),
    ]);
  });

  it('are reported once each if they are all different', async () => {
    keysOf = () => ['another0key'];

    for (const finding of await check([ACME])) {
      expect(finding).toMatch(/^The callback function does not have key \d of CALLBACK_SIGN_KEYS/);
    }
    expect(await check([ACME])).toHaveLength(2);
  });
});
