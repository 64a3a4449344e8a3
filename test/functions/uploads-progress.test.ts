import { expect, it } from 'vitest';
import { openProgressLazily } from '../../lib/config/lazy-progress.ts';
import { lazyLedger } from '../../lib/ledger/lazy-ledger.ts';
import { clock, random } from '../../lib/system.ts';
import { startVodServer, succeed } from '../support/vod-server.ts';
import { id, useUploads } from './uploads-stage.ts';

const stage = useUploads();

it("GET /uploads/{uploadId} has VOD's percentage while VOD fetches a pull, asked for every five seconds", async () => {
  const vod = await startVodServer((response) =>
    succeed(response, { PullUploadTask: { Progress: 30 + vod.calls.length } }),
  );
  const environment = {
    ...{ VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'secret-key-example' },
    ...{ VOD_API_ENDPOINT: vod.endpoint, VOD_API_PROTOCOL: 'http' },
  };
  const ledger = lazyLedger(async () => stage.ledger);
  const ask = stage.load({
    readProgress: openProgressLazily(environment, ledger, { clock, random }),
  });
  const show = async (name: string) => (await ask('GET', `/uploads/${id(name)}`)).json;
  for (const name of ['queued', 'fetched', 'there']) await stage.issue(name, 'ann', 'pull');
  await stage.ledger.updateFields(id('fetched'), { taskId: 'task-1' });
  await stage.ledger.transition(id('there'), 'uploaded', { taskId: 'task-2', fileId: 'f' });

  expect(await show('queued')).not.toHaveProperty('progress');
  expect(await show('there')).not.toHaveProperty('progress');
  expect(vod.calls).toEqual([]);
  expect((await show('fetched')).progress).toBe(31);
  stage.pass(4_000);
  expect((await show('fetched')).progress).toBe(31);
  stage.pass(2_000);
  expect((await show('fetched')).progress).toBe(32);
  expect(vod.calls.map(({ action, parameters }) => [action, parameters['TaskId']])).toEqual([
    ['DescribeTaskDetail', 'task-1'],
    ['DescribeTaskDetail', 'task-1'],
  ]);
  await vod.close();
});

it.each([
  {},
  { VOD_SECRET_ID: 'AKIDexample' },
  { TENCENTCLOUD_SECRETID: 'AKIDrole', TENCENTCLOUD_SECRETKEY: 'secret-key-example' },
])('nobody asks VOD without credentials (%j)', (environment) => {
  const ledger = lazyLedger(async () => stage.ledger);

  expect(openProgressLazily(environment, ledger, { clock, random })).toBeUndefined();
});
