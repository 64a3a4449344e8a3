import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openReceiver } from '../local/emulator/events/callback-receiver.ts';
import { putObject } from '../local/emulator/ugc/storage-client.ts';
import {
  apply,
  applyFor,
  arrive,
  createClient,
  listMedia,
  sign,
  WITH_KEYS,
} from './emulator-calls.ts';
import { useEmulatorProcess } from './emulator-process.ts';

const stage = useEmulatorProcess();
const DAY = 86_400;

describe('POST /__local/reset', () => {
  it('removes files, tasks, events and uploads, and keeps the account', async () => {
    const emulator = await stage.start([...WITH_KEYS, '--callback-mode', 'pull']);
    const client = createClient(emulator);
    const fileId = await arrive(emulator, { procedure: 'LongVideoPreset' });
    const { MediaInfoSet } = await client.DescribeMediaInfos({ FileIds: [fileId] });
    const mediaUrl = MediaInfoSet?.[0]?.BasicInfo?.MediaUrl ?? '';
    expect((await fetch(mediaUrl)).status).toBe(200);
    expect((await client.PullEvents({})).EventSet?.length).toBeGreaterThan(0);
    await emulator.control('POST', 'faults', { fault: 'lost-callback' });
    await emulator.control('POST', 'speed', { bytesPerSecond: 1_000_000 });
    await emulator.control('POST', 'clock', { seconds: 100 });

    expect(await emulator.control('POST', 'reset')).toMatchObject({
      removed: { media: 1 },
      aheadSeconds: 0,
    });

    expect((await fetch(mediaUrl)).status).toBe(404);
    expect(await listMedia(emulator)).toEqual([]);
    expect(await emulator.control('GET', 'faults')).toMatchObject({ armed: [] });
    expect(await emulator.control('GET', 'speed')).toEqual({ bytesPerSecond: null });
    expect(await client.DescribeTasks({})).toMatchObject({ TaskSet: [] });
    expect((await client.SearchMedia({})).TotalCount).toBe(0);
    await arrive(emulator);
    await emulator.stop('SIGKILL');
    const again = await stage.start(WITH_KEYS);
    expect((await listMedia(again)).length).toBe(1);
  });

  it('ends what is under way, and waits for it', async () => {
    const emulator = await stage.start(WITH_KEYS);
    await emulator.control('POST', 'speed', { bytesPerSecond: 100_000 });
    const data = await applyFor(emulator, 5_000_000);
    const put = (bytes: number) =>
      putObject(
        `${emulator.origin}/__vod`,
        data,
        data.video?.storagePath ?? '',
        Buffer.alloc(bytes),
      );
    const sending = put(5_000_000).catch((error: Error) => error);
    await expect.poll(() => countStoredBytes(stage.state)).toBeGreaterThan(50_000);
    // The next bytes would be stored in some hours.
    await emulator.control('POST', 'speed', { bytesPerSecond: 1 });

    await emulator.control('POST', 'reset');

    expect(await sending).toBeInstanceOf(Error);
    expect((await put(10)).status).toBe(403);
    expect(await listMedia(emulator)).toEqual([]);
  });
});

/** Returns the size of all files in `folder`. */
async function countStoredBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map(({ parentPath, name }) => stat(join(parentPath, name)));
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
}

describe('POST /__local/clock', () => {
  it('makes an upload signature expire, and one that is made afterwards is valid', async () => {
    const emulator = await stage.start(WITH_KEYS);
    const before = sign(3_600);
    expect(await apply(emulator, before, 10)).toMatchObject({ code: 0 });

    const { machine, now } = await emulator.control('POST', 'clock', { seconds: 3_601 });

    expect(Date.parse(String(now)) - Date.parse(String(machine))).toBe(3_601_000);
    expect(await apply(emulator, before, 10)).toMatchObject({ code: 10_010 });
    expect(await apply(emulator, sign(60), 10)).toMatchObject({ code: 0 });
  });

  it('makes storage credentials expire, and accepts new ones from clients whose clocks are behind', async () => {
    const emulator = await stage.start(WITH_KEYS);
    const put = async (data: Awaited<ReturnType<typeof applyFor>>) => {
      const path = data.video?.storagePath ?? '';
      return (await putObject(`${emulator.origin}/__vod`, data, path, Buffer.alloc(10))).status;
    };
    const before = await applyFor(emulator, 10);
    expect(await put(before)).toBe(200);

    expect(await emulator.control('POST', 'clock', { seconds: 7_200 })).toMatchObject({
      expired: { storageCredentials: 1, uploads: 0 },
    });

    expect(await put(before)).toBe(403);
    const after = await applyFor(emulator, 10);
    expect(await put(after)).toBe(200);
    const { timestamp, tempCertificate } = after;
    const clientsOwn = Math.floor(Date.now() / 1_000);
    expect(timestamp).toBeGreaterThan(clientsOwn + 7_000);
    const dated = { timestamp: clientsOwn, tempCertificate: { ...tempCertificate } };
    expect(await put({ ...after, ...dated })).toBe(200);
  });

  it('sends a notification at once that was delayed for an hour', async () => {
    const receiver = await openReceiver();
    const emulator = await stage.start(['--callback-url', receiver.url]);
    await emulator.control('POST', 'faults', { fault: 'delayed-callback', value: 3_600_000 });
    const fileId = await arrive(emulator);

    expect(await emulator.control('POST', 'clock', { seconds: 1_800 })).toMatchObject({ due: [] });
    expect(receiver.received).toEqual([]);
    expect(await emulator.control('POST', 'clock', { seconds: 1_800 })).toMatchObject({
      due: ['NewFileUpload, which was delayed'],
    });

    expect((await receiver.next()).body).toMatchObject({ FileUploadEvent: { FileId: fileId } });
    await receiver.close();
  });

  it('ends a flow at once, and its task is gone three days later', async () => {
    const emulator = await stage.start([...WITH_KEYS, '--callback-mode', 'pull']);
    const client = createClient(emulator);
    await arrive(emulator, { procedure: 'LongVideoPreset' });
    await emulator.control('POST', 'clock', { seconds: 3_600 });
    await expect
      .poll(async () => (await client.DescribeTasks({})).TaskSet)
      .toMatchObject([{ Status: 'FINISH' }]);
    const [{ TaskId = '' } = {}] = (await client.DescribeTasks({})).TaskSet ?? [];
    expect(await client.DescribeTaskDetail({ TaskId })).toMatchObject({ Status: 'FINISH' });

    expect(await emulator.control('POST', 'clock', { seconds: 3 * DAY + 1 })).toMatchObject({
      expired: { tasks: 1, events: 0 },
    });

    await expect(client.DescribeTaskDetail({ TaskId })).rejects.toMatchObject({
      code: 'ResourceNotFound',
    });
    expect((await client.PullEvents({})).EventSet?.length).toBeGreaterThan(0);
    expect(await emulator.control('POST', 'clock', { seconds: DAY })).toMatchObject({
      expired: { events: 2 },
    });
  });

  it('moves to an instant, and never back', async () => {
    const emulator = await stage.start();
    const to = new Date(Date.now() + 10 * DAY * 1_000).toISOString();

    const { now, aheadSeconds } = await emulator.control('POST', 'clock', { to });

    expect(Date.parse(String(now))).toBeGreaterThanOrEqual(Date.parse(to));
    expect(aheadSeconds).toBeGreaterThan(9 * DAY);
    await emulator.control('POST', 'live-recording', { streamId: 'show' });
    const [recorded] = await listMedia(emulator);
    const { createTime, recording } = Object(recorded);
    expect([createTime >= to.slice(0, 19), recording.recordEndTime >= to.slice(0, 19)]).toEqual([
      true,
      true,
    ]);
    expect(await emulator.control('POST', 'clock', { to })).toEqual({
      detail: expect.stringMatching(/can only be moved forward: it is \d{4}-/),
    });
    for (const [wrong, detail] of [
      [{}, 'must be { "seconds": a positive number } or { "to": an ISO 8601 time with its zone }'],
      [{ seconds: 1, to }, 'must be { "seconds": a positive number } or { "to":'],
      [{ seconds: 0 }, 'seconds: must be a positive number'],
      [{ to: 'tomorrow' }, 'to: must be an ISO 8601 time with its zone'],
    ] as const) {
      expect(await emulator.control('POST', 'clock', wrong)).toEqual({
        detail: expect.stringContaining(detail),
      });
    }
  });
});
