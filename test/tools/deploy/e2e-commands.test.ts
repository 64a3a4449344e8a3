import { describe, expect, it } from 'vitest';
import { sha256 } from '../../support/digest.ts';
import { type DeployStage, expectSuccess, listWrites } from './deploy-stage.ts';
import {
  addresses,
  BUCKET,
  describePolicy,
  FUNCTIONS,
  functionNames,
  nameOf,
  OTHER_CODE,
  storedKeys,
  useDeployment,
} from './deployment.ts';

const { deployment, itAfterDeployment } = useDeployment();

/** Replaces a stored archive by another one of the same length, as anyone with write access can. */
function changeStored({ cloud }: DeployStage, key: string): void {
  const objects = cloud.state.buckets.get(BUCKET)?.objects;
  const object = objects?.get(key);
  if (objects === undefined || object === undefined) throw new RangeError('Nothing is stored');
  const body = Buffer.from(object.body);
  body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
  objects.set(key, { ...object, body });
}

describe.concurrent('the other commands', () => {
  itAfterDeployment('info shows what is deployed', async (stage) => {
    stage.cloud.configure({ closesIdle: true });
    const result = await stage.run('info');

    expectSuccess(result);
    for (const key of FUNCTIONS) expect(result.output).toMatch(new RegExp(`${key} +Active`));
    for (const address of addresses(stage)) expect(result.output).toContain(address);
    expect(listWrites(stage.cloud.calls)).toEqual([]);
  });

  itAfterDeployment('invoke calls the deployed code', async (stage) => {
    const result = await stage.run('invoke -f signature -d {"httpMethod":"PATCH"}');

    expect(result).toMatchObject({
      code: 0,
      output: expect.stringContaining('"statusCode":405'),
    });
    expect(listWrites(stage.cloud.calls)).toEqual([`scf Invoke ${nameOf('signature')}`]);
  });

  itAfterDeployment('deploy function changes only that function', async (stage) => {
    await stage.project.edit(...OTHER_CODE);
    const result = await stage.run('deploy function -f callback');

    expect(result.code, result.output).toBe(0);
    expect(listWrites(stage.cloud.calls)).toEqual([
      expect.stringContaining('cos PutObject'),
      `scf UpdateFunctionCode ${nameOf('callback')}`,
      `scf UpdateFunctionConfiguration ${nameOf('callback')}`,
    ]);
  });

  itAfterDeployment('rollback restores the previous code', async (stage) => {
    const { code } = stage.find('callback');
    await stage.project.edit(...OTHER_CODE);
    await stage.run('deploy');
    expect(stage.find('callback').code.equals(code)).toBe(false);
    const result = await stage.run('rollback');

    expect(result.code, result.output).toBe(0);
    for (const key of FUNCTIONS) expect(stage.find(key).code.equals(code)).toBe(true);
  });

  it.each(['deploy', 'rollback'])('%s uses no archive that was changed in the bucket', (command) =>
    deployment.stages.use(deployment.deployed, async (stage) => {
      const [stored = ''] = storedKeys(stage);
      await stage.project.edit(...OTHER_CODE);
      expectSuccess(await stage.run('deploy'));
      // By their digests: to compare megabytes byte by byte takes the runner half a minute, in which no cloud answers.
      const codes = () => FUNCTIONS.map((key) => sha256(stage.find(key).code));
      const before = codes();
      // The code of the first deployment is wanted again, but its archive has been changed.
      if (command === 'deploy') await stage.project.restore();
      changeStored(stage, stored);
      stage.cloud.forgetCalls();
      const result = await stage.run(command);

      expect(result.code, result.output).toBe(1);
      expect(result.output).toContain(`${stored} is not the archive that was stored`);
      expect(result.output).toMatch(/its SHA-256 is [0-9a-f]{64}\./);
      expect(codes()).toEqual(before);
      expect(listWrites(stage.cloud.calls).filter((write) => write.startsWith('scf'))).toEqual([]);
    }),
  );

  it.each(['logs -f signature', 'metrics'])('%s succeeds and changes nothing', (command) =>
    deployment.stages.use(deployment.deployed, async ({ cloud, run }) => {
      const result = await run(command);

      expect(result.code, result.output).toBe(0);
      expect(cloud.calls.filter(({ refusal }) => refusal !== undefined)).toEqual([]);
      expect(listWrites(cloud.calls)).toEqual([]);
    }),
  );
});

describe.concurrent('remove', () => {
  itAfterDeployment('deletes everything that was deployed', async (stage) => {
    expectSuccess(await stage.run('remove'));

    const { functions, buckets, tags } = stage.cloud.state;
    expect([functions.size, buckets.size, tags.size]).toEqual([0, 0, 0]);
    expect(await stage.run('remove')).toMatchObject({
      code: 0,
      output: expect.stringContaining('Nothing to remove'),
    });
  });

  itAfterDeployment('continues if something is already deleted', async (stage) => {
    const { state } = stage.cloud;
    for (const [key, { name }] of state.functions) {
      if (name === nameOf('signature')) state.functions.delete(key);
    }
    stage.find('pull').triggers = [];
    state.buckets.clear();
    expectSuccess(await stage.run('remove'));

    expect(functionNames(stage)).toEqual([]);
  });

  itAfterDeployment('does not touch objects of other services', async (stage) => {
    const { functions, buckets } = stage.cloud.state;
    const other = {
      ...stage.find('pull'),
      functionId: 'lam-other',
      name: 'vod-upload-dev-other',
    };
    functions.set('other', other);
    buckets.get(BUCKET)?.objects.set('other-service-dev-1.zip', {
      ...{ body: Buffer.from(''), etag: '"0"', lastModified: new Date(), headers: {} },
    });
    expectSuccess(await stage.run('remove'));

    expect(functionNames(stage)).toEqual(['vod-upload-dev-other']);
    expect(storedKeys(stage)).toEqual(['other-service-dev-1.zip']);
  });
});

describePolicy(deployment);
