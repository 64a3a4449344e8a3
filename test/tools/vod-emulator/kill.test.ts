import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createChance } from '../../support/chance.ts';
import { createClient, listMedia, WITH_KEYS } from './emulator-calls.ts';
import { useEmulatorProcess } from './emulator-process.ts';

const stage = useEmulatorProcess();
const CALLERS = 4;

it('has every pull that it accepted before it was killed', async () => {
  const chance = createChance(11);
  const accepted: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const emulator = await stage.start(WITH_KEYS);
    const end = accepted.length + 5 + chance.below(30);
    const call = async () => {
      while (accepted.length < end) {
        const source = { mediaUrl: 'http://samples.example.com/tone.wav' };
        const { taskId } = await emulator.control('POST', 'console-pull', source);
        accepted.push(String(taskId));
      }
      emulator.child.kill('SIGKILL');
    };
    // The others are interrupted.
    await Promise.allSettled(Array.from({ length: CALLERS }, call));
    await emulator.ended;
  }

  const last = await stage.start(WITH_KEYS);
  const client = createClient(last);
  for (const TaskId of accepted) {
    const task = () => client.DescribeTaskDetail({ TaskId });
    await expect.poll(async () => (await task()).Status).toBe('FINISH');
    expect((await task()).PullUploadTask).toMatchObject({ TaskId, ErrCode: 0 });
  }
  expect((await listMedia(last)).length).toBeGreaterThan(0);
});

it('says at the start that the end of its state was cut off', async () => {
  const first = await stage.start(WITH_KEYS);
  await first.control('POST', 'console-upload', { seconds: 1 });
  await first.stop('SIGKILL');
  const file = join(stage.state, 'vod', 'state.ndjson');
  const { size } = await stat(file);
  await appendFile(file, '[["media","5","');

  const second = await stage.start(WITH_KEYS);

  expect(second.out()).toContain(`The last 15 bytes of ${file}`);
  expect(await listMedia(second)).toHaveLength(1);
  expect(await second.stop()).toBe(0);
  expect((await stat(file)).size).toBeGreaterThanOrEqual(size);
  const third = await stage.start(WITH_KEYS);
  expect(third.out()).not.toContain('Notice');
});
