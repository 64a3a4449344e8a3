import { beforeEach, describe, expect, it } from 'vitest';
import { createUploadsRoute } from '../../functions/uploads.ts';
import { readUploadsConfig } from '../../lib/config/uploads-config.ts';
import { lazyLedger } from '../../lib/ledger/lazy-ledger.ts';
import { deriveUploadId } from '../../lib/model/upload-id.ts';
import { captureLog } from '../support/capture-log.ts';
import { askRoute } from '../support/http-events.ts';
import { settingsOf } from '../support/settings.ts';
import { mintToken, TEST_JWT_SECRET } from '../support/tokens.ts';
import { useLedger } from '../support/use-ledger.ts';

const [ACME, GLOBEX] = [1_500_000_002, 1_500_000_003];
const SETTINGS = settingsOf({
  policy: { tenants: { claim: 'org', subAppIds: { acme: ACME, globex: GLOBEX } } },
});
const SCOPE = 'upload:read upload:cancel';
const IDS = {
  acme: deriveUploadId('test', 'acme'),
  globex: deriveUploadId('test', 'globex'),
  nobodys: deriveUploadId('test', 'nobodys'),
};

const { ledger } = useLedger();
captureLog();

beforeEach(async () => {
  // All of one user, who works for both.
  const issue = (uploadId: string, subAppId?: number) =>
    ledger.issueUpload({ ...{ uploadId, method: 'client', owner: 'ann' }, fields: { subAppId } });
  await issue(IDS.acme, ACME);
  await issue(IDS.globex, GLOBEX);
  await issue(IDS.nobodys);
});

async function ask(method: string, path: string, claims: Readonly<Record<string, unknown>>) {
  const config = readUploadsConfig({ AUTH_JWT_SECRET: TEST_JWT_SECRET });
  const reach = lazyLedger(async () => ledger);
  const route = createUploadsRoute({ config, settings: SETTINGS, clock: Date, ledger: reach });
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const token = await mintToken({ sub: 'ann', scope: SCOPE, exp, ...claims });
  const headers = { authorization: `Bearer ${token}` };
  const { statusCode, json } = await askRoute('uploads', route)({ method, path, headers });
  return { status: statusCode, json };
}

const list = async (claims: object) => {
  const { json } = await ask('GET', '/uploads', { ...claims });
  return json.items.map(({ uploadId }: { uploadId: string }) => uploadId).toSorted();
};

describe('/uploads of tenants', () => {
  it('shows an owner what it has in its tenant’s application', async () => {
    expect(await ask('GET', `/uploads/${IDS.acme}`, { org: 'acme' })).toMatchObject({
      ...{ status: 200, json: { uploadId: IDS.acme, subAppId: ACME } },
    });
    expect(await list({ org: 'acme' })).toEqual([IDS.acme]);
    expect(await list({ org: 'globex' })).toEqual([IDS.globex]);
  });

  it.each([
    ['GET', ''],
    ['GET', '/events'],
    ['DELETE', ''],
  ])('answers %s of what it has elsewhere as if it were not there: %s', async (method, rest) => {
    for (const uploadId of [IDS.acme, IDS.nobodys]) {
      const { status } = await ask(method, `/uploads/${uploadId}${rest}`, { org: 'globex' });
      expect(status).toBe(404);
      expect(await ledger.findUpload(uploadId)).toMatchObject({ state: 'issued' });
    }
  });

  it.each([
    ['GET', '/uploads'],
    ['GET', `/uploads/${IDS.acme}`],
    ['DELETE', `/uploads/${IDS.acme}`],
  ])('refuses anyone who is no tenant’s: %s %s', async (method, path) => {
    for (const claims of [{}, { org: 'initech' }]) {
      expect((await ask(method, path, claims)).json).toMatchObject({
        ...{ status: 403, code: 'policy_denied', errors: [{ path: 'org', rule: 'tenants' }] },
      });
    }
  });

  it('shows those of all tenants by the scope for all owners', async () => {
    const scope = `${SCOPE} upload:admin`;

    expect(await list({ scope })).toEqual(Object.values(IDS).toSorted());
    expect(await ask('GET', `/uploads/${IDS.acme}`, { scope, org: 'globex' })).toMatchObject({
      status: 200,
    });
  });
});
