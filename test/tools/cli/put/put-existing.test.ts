import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLedger } from '../../../../lib/ledger/ledger.ts';
import { useStack } from '../../../support/stack-stage.ts';
import { accountVariables, callerVariables, MEBIBYTE, runPut, writeMedia } from './put-stage.ts';

const SCOPE = 'upload:sign upload:read';

const stage = useStack(undefined, { per: 'file' });

const read = (out: string): readonly Readonly<Record<string, unknown>>[] =>
  out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const named = (out: string, name: string) => read(out).filter(({ event }) => event === name);

describe('vod-upload put --skip-existing', () => {
  it('uploads no file of which its owner has a media, whatever its name and from wherever', async () => {
    const film = await writeMedia(stage, 'first/film.mp4', 3 * MEBIBYTE);
    const variables = await callerVariables(stage, SCOPE);
    const first = await runPut(stage, ['first/film.mp4', '--json', '--wait'], variables);
    const [uploaded = {}] = named(first.out, 'uploaded');
    await writeMedia(stage, 'second/copy.mp4', film);
    await writeMedia(stage, 'second/other.mp4', randomBytes(3 * MEBIBYTE));

    const args = ['second', '--skip-existing', '--json', '--state', 'elsewhere'];
    const { out, exitCode } = await runPut(stage, args, variables);

    expect(exitCode).toBe(0);
    expect(named(out, 'exists')).toEqual([
      {
        event: 'exists',
        path: join(stage.dir, 'second/copy.mp4'),
        ...{ uploadId: uploaded['uploadId'], fileId: uploaded['fileId'] },
        ...{ mediaUrl: uploaded['mediaUrl'], size: film.length, crc64: uploaded['crc64'] },
      },
    ]);
    expect(named(out, 'uploaded').map(({ path }) => path)).toEqual([
      join(stage.dir, 'second/other.mp4'),
    ]);
    expect(named(out, 'ended')).toMatchObject([{ uploaded: 1, skipped: 1, failed: 0 }]);
  });

  it('uploads what only another owner has, and what was deleted', async () => {
    await writeMedia(stage, 'mine.mp4', 1_000_000);
    const variables = await callerVariables(stage, `${SCOPE} upload:cancel`);
    const put = async (more: readonly string[] = []) =>
      read((await runPut(stage, ['mine.mp4', '--json', '--wait', ...more], variables)).out);
    const find = (events: Awaited<ReturnType<typeof put>>, name: string) =>
      events.find(({ event }) => event === name);
    const first = find(await put(), 'uploaded');
    expect(find(await put(['--skip-existing', '--state', 'b']), 'exists')).toMatchObject({
      fileId: first?.['fileId'],
    });

    const { databaseUrl } = stage.stack;
    const ledger = openLedger(databaseUrl, { clock: Date, random: { key: randomUUID } });
    await ledger.transition(String(first?.['uploadId']), 'deleted');
    await ledger.close();

    expect(find(await put(['--skip-existing', '--state', 'c']), 'uploaded')).toMatchObject({
      isNew: true,
    });
  });

  it('knows a file that was uploaded with a cover', async () => {
    await writeMedia(stage, 'covered.mp4', 700_000);
    await writeMedia(stage, 'cover.png', 5_000);
    const variables = await callerVariables(stage, SCOPE);
    const put = async (...args: readonly string[]) =>
      read((await runPut(stage, ['covered.mp4', '--json', '--wait', ...args], variables)).out);
    const uploaded = (await put('--cover', 'cover.png')).find(({ event }) => event === 'uploaded');

    const events = await put('--skip-existing', '--state', 'd');

    expect(uploaded).toMatchObject({ size: 700_000 });
    expect(events.find(({ event }) => event === 'exists')).toMatchObject({
      fileId: uploaded?.['fileId'],
    });
  });

  it('says which options go with it', async () => {
    await writeMedia(stage, 'a.mp4', 10);
    const variables = { ...(await callerVariables(stage, SCOPE)), ...accountVariables(stage) };
    for (const [args, message] of [
      [['a.mp4', '--skip-existing', '--direct'], '--skip-existing needs --endpoint'],
      [['a.mp4', '--skip-existing', '--again'], 'give one of them'],
      [['-', '--name', 'a.mp4', '--skip-existing'], '--skip-existing is for files'],
    ] as const) {
      const { exitCode, error } = await runPut(stage, args, variables);
      expect([exitCode, error]).toEqual([2, expect.stringContaining(message)]);
    }
  });

  it('fails for a file that cannot be read, and for functions that refuse', async () => {
    await writeMedia(stage, 'gone/a.mp4', 10);
    const variables = await callerVariables(stage, 'upload:sign');
    const { exitCode, out } = await runPut(
      stage,
      ['gone/a.mp4', '--skip-existing', '--json'],
      variables,
    );

    expect(exitCode).toBe(1);
    expect(named(out, 'failed')[0]?.['message']).toContain('upload:read');
  });
});

it('shows in GET /uploads/{uploadId} how far an upload is, while it is sent', async () => {
  await writeMedia(stage, 'slow.mp4', 12 * MEBIBYTE);
  const variables = await callerVariables(stage, SCOPE);
  const args = ['slow.mp4', '--json', '--max-rate', '1.5MB'];
  const running = runPut(stage, args, variables);
  const show = async () => {
    const headers = { Authorization: `Bearer ${variables['VOD_UPLOAD_TOKEN']}` };
    const listed = await fetch(`${stage.stack.origin}/uploads?state=issued`, { headers });
    const { items } = (await listed.json()) as { items: { uploadId: string }[] };
    const url = `${stage.stack.origin}/uploads/${items[0]?.uploadId}`;
    const { progress } = (await (await fetch(url, { headers })).json()) as { progress?: number };
    return progress;
  };

  await expect.poll(show, { interval: 300 }).toBeGreaterThan(0);

  expect((await running).exitCode).toBe(0);
});
