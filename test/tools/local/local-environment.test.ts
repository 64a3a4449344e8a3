import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readLocalEnvironment } from '../../../tools/local/local-environment.ts';
import { removeScratch } from '../../support/remove-scratch.ts';

const FILE = `PORT=3100
VOD_EVENT_MODE=PULL
HTTP_TRIGGER=apigw
DATABASE_URL=postgres://ledger.example.com/of-the-cloud
WEBHOOK_ENDPOINTS='[{ "url": "https://hooks.example.com", "secret": "whsec_of-the-cloud" }]'
VOD_SECRET_KEY=of-the-cloud
AUTH_JWT_SECRET=of-the-cloud
TENCENT_SECRET_KEY=of-the-cloud
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'environment-'));
  await writeFile(join(folder, '.env'), FILE);
});
afterAll(() => removeScratch(folder));

it('reads settings of the stack from .env, but nothing of the cloud', async () => {
  const environment = await readLocalEnvironment({}, folder);

  expect(environment).toMatchObject({
    ...{ PORT: '3100', VOD_EVENT_MODE: 'PULL', HTTP_TRIGGER: 'apigw' },
  });
  expect(JSON.stringify(environment)).not.toContain('of-the-cloud');
});

it('reads everything from the environment, which has precedence over .env', async () => {
  const given = { DATABASE_URL: 'postgres://localhost/mine', PORT: '3200', HTTP_TRIGGER: '' };

  const environment = await readLocalEnvironment(given, folder);

  expect(environment).toMatchObject({ DATABASE_URL: 'postgres://localhost/mine', PORT: '3200' });
  expect(environment['HTTP_TRIGGER']).toBeUndefined();
});
