import { describe, expect } from 'vitest';
import { CLOUD_ACCOUNT } from '../../support/cloud/account.ts';
import { credentialsOf } from '../../support/cloud/project.ts';
import { readZip } from '../../support/cloud/zip.ts';
import { expectSuccess, listWrites } from './deploy-stage.ts';
import {
  addresses,
  BUCKET,
  describePolicy,
  environmentOf,
  FUNCTIONS,
  functionNames,
  HTTP_FUNCTIONS,
  nameOf,
  OTHER_CODE,
  storedKeys,
  TOLD,
  useDeployment,
} from './deployment.ts';

const { deployment, itAfterDeployment } = useDeployment();

describe.concurrent('another deployment', () => {
  itAfterDeployment('changes nothing if nothing changed, and says so', async (stage) => {
    const result = await stage.run('deploy');

    expect(result).toMatchObject({ code: 0, output: expect.stringContaining('No changes') });
    expect(listWrites(stage.cloud.calls)).toEqual([]);
  });

  itAfterDeployment(
    'stores changed code once, updates every function, and changes nothing else',
    async (stage) => {
      const before = addresses(stage);
      await stage.project.edit(...OTHER_CODE);
      const result = await stage.run('deploy');

      expect(result.code, result.output).toBe(0);
      expect(listWrites(stage.cloud.calls)).toEqual([
        expect.stringMatching(/^cos PutObject vod-upload-dev-[0-9a-f]{64}\.zip$/),
        ...FUNCTIONS.flatMap((key) => [
          `scf UpdateFunctionCode ${nameOf(key)}`,
          `scf UpdateFunctionConfiguration ${nameOf(key)}`,
        ]),
      ]);
      expect(addresses(stage)).toEqual(before);
      for (const key of FUNCTIONS) {
        const file = readZip(stage.find(key).code).find(({ name }) => name === 'callback.js');
        expect(file?.content.includes('second')).toBe(true);
        expect(Object.keys(environmentOf(stage.find(key))).sort()).toEqual([...TOLD[key]].sort());
      }
      expect(storedKeys(stage)).toHaveLength(2);
    },
  );

  itAfterDeployment('deploys changed settings with the code', async (stage) => {
    await stage.project.edit(
      'serverless.yml',
      'policy: {}',
      'policy: { live: { maxSeconds: 14400 } }',
    );
    expectSuccess(await stage.run('deploy'));

    const settings = readZip(stage.find('pull').code).find(({ name }) => name === 'settings.json');
    expect(JSON.parse(String(settings?.content))).toEqual({
      keys: [],
      policy: { live: { maxSeconds: 14400 } },
      rules: [],
    });
  });

  itAfterDeployment(
    'changes variables only in functions that have them, and removes those that are not set',
    async (stage) => {
      const change = { CORS_ORIGINS: 'https://other.example.com', PULL_HOSTS: '' };
      const result = await stage.run('deploy', { ...change, DEPLOY_REMOVES: 'PULL_HOSTS' });

      expect(result.code, result.output).toBe(0);
      expect(listWrites(stage.cloud.calls)).toEqual(
        ['signature', 'pull', 'uploads'].map(
          (key) => `scf UpdateFunctionConfiguration ${nameOf(key)}`,
        ),
      );
      expect(environmentOf(stage.find('pull'))['CORS_ORIGINS']).toBe(change.CORS_ORIGINS);
      expect(environmentOf(stage.find('pull'))).not.toHaveProperty('PULL_HOSTS');
      expect(environmentOf(stage.find('callback'))).not.toHaveProperty('CORS_ORIGINS');
    },
  );

  itAfterDeployment('changes only the timer if nothing else changed', async (stage) => {
    await stage.project.edit('serverless.yml', "'0 * * * * * *'", "'0 */5 * * * * *'");
    expectSuccess(await stage.run('deploy'));

    const writes = listWrites(stage.cloud.calls);
    expect(writes.length).toBeGreaterThan(0);
    expect(writes.every((write) => write.includes(nameOf('sweep')))).toBe(true);
    expect(stage.find('sweep').triggers).toMatchObject([
      { type: 'timer', isOpen: true, description: '{"cron":"0 */5 * * * * *"}' },
    ]);
  });

  itAfterDeployment('deletes a trigger that was removed from the file', async (stage) => {
    await stage.project.edit('serverless.yml', '- http: { path: /uploads, enable: true }', '[]');
    await stage.project.edit('serverless.yml', /events:\n\s+\[\]/, 'events: []');
    expectSuccess(await stage.run('deploy'));

    expect(listWrites(stage.cloud.calls)).toEqual([`scf DeleteTrigger ${nameOf('uploads')} url`]);
    expect(stage.find('uploads').triggers).toEqual([]);
  });

  itAfterDeployment('removes no database because its variable is empty', async (stage) => {
    const { code, output } = await stage.run('deploy', { DATABASE_URL: '', WEBHOOK_ENDPOINTS: '' });

    expect(code).not.toBe(0);
    expect(output).toContain('DEPLOY_REMOVES=DATABASE_URL,WEBHOOK_ENDPOINTS');
    expect(output).toContain('DATABASE_URL: nothing is recorded, and sweep is removed');
    expect(listWrites(stage.cloud.calls)).toEqual([]);
    expect(functionNames(stage)).toContain(nameOf('sweep'));
  });

  itAfterDeployment('deletes a function that the settings no longer need', async (stage) => {
    const removed = { DATABASE_URL: '', WEBHOOK_ENDPOINTS: '' };
    const result = await stage.run('deploy', {
      ...removed,
      DEPLOY_REMOVES: Object.keys(removed).join(),
    });

    expect(result.code, result.output).toBe(0);
    expect(functionNames(stage)).toEqual(HTTP_FUNCTIONS.map(nameOf));
    expect(stage.cloud.state.tags.size).toBe(HTTP_FUNCTIONS.length);
    expect(environmentOf(stage.find('callback'))).not.toHaveProperty('DATABASE_URL');
    expect(result.output).toMatch(/sweep.*DATABASE_URL/);
  });

  itAfterDeployment(
    'reverts changes that were made by hand, and keeps the addresses',
    async (stage) => {
      const record = stage.find('signature');
      const before = addresses(stage);
      record.memorySize = 256;
      record.triggers = record.triggers.map((trigger) => ({ ...trigger, isOpen: false }));
      expectSuccess(await stage.run('deploy'));

      expect(stage.find('signature')).toMatchObject({
        memorySize: 128,
        triggers: [{ isOpen: true }],
      });
      expect(addresses(stage)).toEqual(before);
      expect(
        listWrites(stage.cloud.calls).every((write) => write.includes(nameOf('signature'))),
      ).toBe(true);
    },
  );

  itAfterDeployment('keeps the last three archives, and those of other stages', async (stage) => {
    const objects = stage.cloud.state.buckets.get(BUCKET)?.objects;
    const [[key, object] = []] = objects ?? [];
    if (objects === undefined || key === undefined || object === undefined) {
      throw new RangeError('Nothing is stored');
    }
    const old = [1, 2, 3, 4].map((age) => {
      const name = `vod-upload-dev-${String(age).repeat(64)}.zip`;
      objects.set(name, { ...object, lastModified: new Date(Date.now() - age * 86_400_000) });
      return name;
    });
    const others = [
      'vod-upload-dev-eu-x.zip',
      `vod-upload-prod-${'0'.repeat(64)}.zip`,
      'notes.txt',
    ];
    for (const name of others) objects.set(name, object);
    expectSuccess(await stage.run('deploy'));

    expect(storedKeys(stage).sort()).toEqual([key, ...old.slice(0, 2), ...others].sort());
  });

  itAfterDeployment(
    'separates stages, with temporary credentials and a private network from .env',
    async (stage) => {
      await stage.project.add('.env', 'VPC_ID=vpc-example1\nSUBNET_ID=subnet-example1\n');
      const result = await stage.run('deploy --stage prod', credentialsOf(CLOUD_ACCOUNT.temporary));

      expect(result.code, result.output).toBe(0);
      expect(functionNames(stage)).toEqual(
        ['dev', 'prod'].flatMap((name) => FUNCTIONS.map((key) => `vod-upload-${name}-${key}`)),
      );
      expect(listWrites(stage.cloud.calls).some((write) => write.includes('vod-upload-dev'))).toBe(
        false,
      );
      expect(storedKeys(stage)).toHaveLength(2);
      for (const { name, vpc, publicNetwork } of stage.cloud.state.functions.values()) {
        expect(vpc.vpcId, name).toBe(name.includes('-prod-') ? 'vpc-example1' : '');
        // VOD is called through the internet.
        expect(publicNetwork, name).toBe('ENABLE');
      }
    },
  );
});

describe.concurrent('with API Gateway', () => {
  itAfterDeployment('replaces the Function URLs', async (stage) => {
    stage.cloud.configure({ apiGateway: true });
    const result = await stage.run('deploy', { HTTP_TRIGGER: 'apigw' });

    expect(result.code, result.output).toBe(0);
    for (const key of HTTP_FUNCTIONS) {
      const [trigger, ...others] = stage.find(key).triggers;
      expect(others).toEqual([]);
      expect(trigger).toMatchObject({ type: 'apigw', isOpen: true });
      const description = JSON.parse(trigger?.description ?? '');
      expect(description).toMatchObject({
        api: {
          authRequired: 'FALSE',
          isIntegratedResponse: 'TRUE',
          requestConfig: { path: `/${key}` },
        },
      });
      expect(result.output).toContain(description.service.subDomain);
    }
    stage.cloud.forgetCalls();
    expectSuccess(await stage.run('deploy', { HTTP_TRIGGER: 'apigw' }));
    expect(listWrites(stage.cloud.calls)).toEqual([]);
  });

  itAfterDeployment('reports that the account cannot create its triggers', async (stage) => {
    const result = await stage.run('deploy', { HTTP_TRIGGER: 'apigw' });

    expect(result).toMatchObject({
      code: 1,
      output: expect.stringMatching(/signature.*CreateTrigger.*UnsupportedOperation\.Trigger/s),
    });
  });
});

describePolicy(deployment);
