import { describe, expect, it } from 'vitest';
import { deriveSignKey } from '../../lib/signing/secrets.ts';
import { defined } from '../../lib/validation/json-object.ts';
import { captureLog } from '../support/capture-log.ts';
import { connectVod } from '../support/connect-vod.ts';
import { settingsOf } from '../support/settings.ts';
import { signCallback } from '../support/sign-callback.ts';
import { CAST, openCallback } from './callback-stage.ts';

const NOW = Date.UTC(2026, 10, 22, 8, 0, 0);
const SECONDS = NOW / 1_000;
const [OWN, ACME, GLOBEX] = [1_500_000_001, 1_500_000_002, 1_500_000_003];
const [NEW, OLD] = ['SignKeyNew1', 'SignKeyOld2'];

const log = captureLog();

/** Opens the function with tenants; returns a function that sends it a notification signed with `key`. */
function open(config: { readonly signKeys?: string[]; readonly sharedKeyUntil?: number } = {}) {
  const ask = openCallback({
    ...{ signKeys: [NEW], ...config, subAppId: OWN, clock: { now: () => NOW, monotonic: () => 0 } },
    // These events cannot be confirmed, so VOD is not called.
    api: connectVod('127.0.0.1:9'),
    settings: settingsOf({
      policy: { tenants: { claim: 'org', subAppIds: { acme: ACME, globex: GLOBEX } } },
    }),
  });
  return async (key: string, subAppId?: number, t = SECONDS + 600) => {
    const body = { ...CAST, ...signCallback(key, t) };
    const { statusCode: status, body: said } = await ask({
      query: defined({ subAppId: subAppId?.toString() }),
      body,
    });
    return { status, said, log: log.lines.at(-1) ?? {} };
  };
}

describe('the keys of an application', () => {
  it("are the configured ones for the service's own application, with or without its number in the address", async () => {
    const notify = open({ signKeys: [NEW, OLD] });

    for (const address of [undefined, OWN]) {
      expect(await notify(NEW, address)).toMatchObject({ status: 200, log: { signKey: 0 } });
      expect(await notify(OLD, address)).toMatchObject({ status: 200, log: { signKey: 1 } });
      expect(await notify(deriveSignKey(NEW, OWN), address)).toMatchObject({ status: 401 });
    }
  });

  it("are derived from any of them for a tenant's application, and are valid for it alone", async () => {
    const notify = open({ signKeys: [NEW, OLD] });

    for (const [signKey, key] of [NEW, OLD].entries()) {
      const derived = deriveSignKey(key, ACME);
      const log = { signKey, subAppId: ACME };
      const taken = await notify(derived, ACME);
      expect(taken).toMatchObject({ status: 200, log });
      expect(taken.log.sharedSignKey).toBeUndefined();
      for (const other of [undefined, OWN, GLOBEX]) {
        expect(await notify(derived, other)).toMatchObject({ status: 401 });
      }
      expect(await notify(key, ACME)).toMatchObject({ status: 401, log: { subAppId: ACME } });
    }
  });

  it('become invalid with the key that they are derived from', async () => {
    expect(await open()(deriveSignKey(OLD, ACME), ACME)).toMatchObject({ status: 401 });
  });

  it('are checked against the time as well', async () => {
    const derived = deriveSignKey(NEW, ACME);

    expect(await open()(derived, ACME, SECONDS - 1)).toMatchObject({
      status: 401,
      said: expect.stringContaining('in the past'),
    });
  });

  it('are refused with the same text for existing and missing applications', async () => {
    const notify = open();
    const sayOf = async (key: string, subAppId: number) => {
      const { status, said } = await notify(key, subAppId);
      return { status, detail: JSON.parse(said).detail };
    };
    const refused = await sayOf('guessed1', ACME);

    expect(refused).toMatchObject({ status: 401, detail: expect.stringContaining('matches none') });
    for (const subAppId of [OWN, GLOBEX, 1_500_000_004, 7]) {
      expect(await sayOf('guessed1', subAppId)).toEqual(refused);
      if (subAppId !== GLOBEX)
        expect(await sayOf(deriveSignKey(NEW, GLOBEX), subAppId)).toEqual(refused);
    }
  });

  it('reveal to their holder that an application no longer exists', async () => {
    const gone = 1_500_000_004;

    expect(await open()(deriveSignKey(NEW, gone), gone)).toMatchObject({
      status: 400,
      log: { fields: ['subAppId'] },
    });
  });
});

describe("the transition period of the service's own key", () => {
  it("lets tenants' applications sign with it until its end, and logs that", async () => {
    const notify = open({ signKeys: [NEW, OLD], sharedKeyUntil: SECONDS + 1 });

    const log = { subAppId: ACME, signKey: 1, sharedSignKey: true };
    expect(await notify(OLD, ACME)).toMatchObject({ status: 200, log });
    const derived = await notify(deriveSignKey(OLD, ACME), ACME);
    expect(derived).toMatchObject({ status: 200, log: { signKey: 1 } });
    expect(derived.log.sharedSignKey).toBeUndefined();
  });

  it('does not make the key of one tenant valid for another application', async () => {
    const notify = open({ sharedKeyUntil: SECONDS + 1 });

    for (const other of [undefined, GLOBEX]) {
      expect(await notify(deriveSignKey(NEW, ACME), other)).toMatchObject({ status: 401 });
    }
  });

  it.each([
    ['is over', 0],
    ['is too long', 7 * 86_400 + 1],
  ])('has no effect if it %s', async (_, seconds) => {
    const notify = open({ sharedKeyUntil: SECONDS + seconds });

    expect(await notify(NEW, ACME)).toMatchObject({ status: 401 });
    expect(await notify(NEW)).toMatchObject({ status: 200 });
  });
});
