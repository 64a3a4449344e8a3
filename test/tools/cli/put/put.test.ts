import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { happens, seen } from '../../../support/activities.ts';
import { fetchSha256, sha256 } from '../../../support/digest.ts';
import { useStack } from '../../../support/stack-stage.ts';
import { runCommand, type Variables } from '../cli-stage.ts';
import {
  accountVariables,
  callerVariables,
  control,
  countParts,
  MEBIBYTE,
  runPut,
  startPut,
  writeMedia,
} from './put-stage.ts';

const stage = useStack(() => ({ names: { classIds: [7] } }), { per: 'file' });

const SCOPE = 'upload:sign upload:read';

/** Returns what was written with `--json`. */
function readEvents(out: string): readonly Readonly<Record<string, unknown>>[] {
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function named(out: string, event: string) {
  return readEvents(out).filter((each) => each['event'] === event);
}

describe('put through the functions', () => {
  it('uploads a file with everything that a caller may ask for, and waits until it is ready', async () => {
    const film = await writeMedia(stage, 'film.mp4', 9 * MEBIBYTE);
    const cover = await writeMedia(stage, 'cover.png', 300);
    const variables = await callerVariables(stage, SCOPE);
    const args = ['film.mp4', '--cover', 'cover.png', '--class-id', '7', '--wait'];
    const more = ['--source-context', 'mine', '--storage-region', 'ap-seoul', '--json'];

    const { exitCode, out, error } = await runPut(stage, [...args, ...more], variables);

    expect({ exitCode, error, failed: named(out, 'failed') }).toEqual({
      ...{ exitCode: 0, error: '', failed: [] },
    });
    const [uploaded = {}] = named(out, 'uploaded');
    expect(uploaded).toMatchObject({ isNew: true, size: film.length });
    expect(await fetchSha256(String(uploaded['mediaUrl']))).toBe(sha256(film));
    expect(await fetchSha256(String(uploaded['coverUrl']))).toBe(sha256(cover));
    expect(named(out, 'state').at(-1)).toMatchObject({
      uploadId: uploaded['uploadId'],
      state: 'ready',
    });
    const { event } = await happens(
      stage.stack,
      'notification',
      ({ fileId }) => fileId === uploaded['fileId'],
    );
    expect(event).toMatchObject({
      FileUploadEvent: { MediaBasicInfo: { Name: 'film', ClassId: 7, StorageRegion: 'ap-seoul' } },
    });
    expect(named(out, 'ended')).toMatchObject([{ uploaded: 1, failed: 0, paused: 0 }]);
  });

  it('writes a line for each file in a log, and does not upload again what it has uploaded', async () => {
    await writeMedia(stage, 'a.mp4', 10);
    const variables = await callerVariables(stage, SCOPE);

    const first = await runPut(stage, ['a.mp4'], variables);
    const second = await runPut(stage, ['a.mp4'], variables);

    expect(first.out).toMatch(/a\.mp4 {2}\d+ {2}10 bytes {2}CRC-64 \d+\n$/);
    expect(second.out).toMatch(/CRC-64 \d+ {2}uploaded before; --again uploads it once more\n$/);
    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
  });

  it('uploads standard input, of a size that is not known', async () => {
    const film = randomBytes(17 * MEBIBYTE);
    const input = [film.subarray(0, 1_000_000), film.subarray(1_000_000)];
    const variables = await callerVariables(stage, SCOPE);

    const args = ['-', '--name', 'live.ts', '--json'];
    const { exitCode, out } = await runPut(stage, args, variables, { input });

    const [{ mediaUrl } = { mediaUrl: '' }] = named(out, 'uploaded');
    expect(exitCode).toBe(0);
    expect(await fetchSha256(String(mediaUrl))).toBe(sha256(film));
  });

  it('refuses a file and a stream without bytes, by their names', async () => {
    await writeMedia(stage, 'empty.mp4', '');
    const variables = await callerVariables(stage, SCOPE);

    const file = await runPut(stage, ['empty.mp4'], variables);
    const stream = await runPut(stage, ['-', '--name', 'a.mp4'], variables, { input: [] });

    expect([file.exitCode, file.error]).toEqual([
      1,
      expect.stringMatching(/empty\.mp4 is empty\./),
    ]);
    expect([stream.exitCode, stream.error]).toEqual([
      1,
      expect.stringContaining('standard input: The stream has no bytes'),
    ]);
  });

  it('takes types as users write them, and each file once', async () => {
    await writeMedia(stage, 'twice/film.bin', 10);
    await writeMedia(stage, 'twice/a.mp4', 10);
    const variables = await callerVariables(stage, SCOPE);

    const typed = await runPut(stage, ['twice/film.bin', '--type', '.MP4', '--json'], variables);
    const args = ['twice', 'twice/a.mp4', './twice/../twice/a.mp4', '--again', '--json'];
    const twice = await runPut(stage, args, variables);

    expect([typed.exitCode, named(typed.out, 'uploaded').length]).toEqual([0, 1]);
    expect([twice.exitCode, named(twice.out, 'uploaded').length]).toEqual([0, 1]);
  });

  it('repeats calls that fail, and commits once', async () => {
    await writeMedia(stage, 'faults.mp4', 3 * MEBIBYTE);
    stage.stack.faults.arm('apply-unavailable', 1);
    stage.stack.faults.arm('lost-commit-answer', 1);
    const variables = await callerVariables(stage, SCOPE);

    const { exitCode, out } = await runPut(stage, ['faults.mp4', '--json'], variables);

    const [{ fileId } = { fileId: '' }] = named(out, 'uploaded');
    expect(exitCode).toBe(0);
    expect(named(out, 'retry')).toHaveLength(2);
    const sent = () => seen(stage.stack, 'notification').filter((each) => each.fileId === fileId);
    await expect.poll(sent).toHaveLength(1);
  });

  it('says what the functions refuse, and uploads the others', async () => {
    await writeMedia(stage, 'mixed/a.mp4', 10);
    const variables = await callerVariables(stage, SCOPE);

    const refused = await runPut(stage, ['mixed/a.mp4', '--class-id=-1'], variables);
    const forbidden = await runPut(
      stage,
      ['mixed/a.mp4'],
      await callerVariables(stage, 'upload:read'),
    );
    const mixed = await runPut(stage, ['mixed/a.mp4', 'mixed/none.mp4'], variables);

    expect(refused).toMatchObject({ exitCode: 1, out: '' });
    expect(refused.error).toContain('The functions refuse with invalid_request: classId must be');
    expect(forbidden.error).toMatch(/The functions refuse with \w+: .*upload:sign/);
    expect(mixed.exitCode).toBe(1);
    expect(mixed.out).toMatch(/a\.mp4 {2}\d+/);
    expect(mixed.error).toMatch(/none\.mp4 cannot be read \(ENOENT\)\.\n$/);
  });
});

describe('put with the key of an account', () => {
  it('uploads with every parameter of ApplyUpload', async () => {
    const film = await writeMedia(stage, 'direct.mp4', 100);
    const cover = await writeMedia(stage, 'direct.png', 50);
    const args = ['direct.mp4', '--direct', '--name', 'Holiday', '--class-id', '7', '--json'];
    const context = ['--source-context', 'job-7', '--session-context', 'run-1'];
    const more = ['--storage-region', 'ap-seoul', '--expire-time', '2099-01-01T00:00:00Z'];
    const rest = ['--cover', 'direct.png', '--ext-info', 'x'];

    const { exitCode, out, error } = await runPut(
      stage,
      [...args, ...context, ...more, ...rest, '--procedure', 'LongVideoPreset'],
      accountVariables(stage),
    );

    expect({ exitCode, error, failed: named(out, 'failed') }).toEqual({
      ...{ exitCode: 0, error: '', failed: [] },
    });
    const [uploaded = {}] = named(out, 'uploaded');
    expect(await fetchSha256(String(uploaded['mediaUrl']))).toBe(sha256(film));
    expect(await fetchSha256(String(uploaded['coverUrl']))).toBe(sha256(cover));
    const { event } = await happens(
      stage.stack,
      'notification',
      ({ fileId }) => fileId === uploaded['fileId'],
    );
    expect(event).toMatchObject({
      FileUploadEvent: {
        MediaBasicInfo: {
          ...{ Name: 'Holiday', ClassId: 7, StorageRegion: 'ap-seoul', Type: 'mp4' },
          ...{ ExpireTime: '2099-01-01T00:00:00Z', SourceInfo: { SourceContext: 'job-7' } },
        },
      },
    });
  });

  it('says which parameter VOD refuses, by its code', async () => {
    await writeMedia(stage, 'path.mp4', 100);
    const args = ['path.mp4', '--direct', '--media-storage-path', '/a/b.mp4'];

    const { exitCode, error } = await runPut(stage, args, accountVariables(stage));

    expect(exitCode).toBe(1);
    expect(error).toBe(
      `${join(stage.dir, 'path.mp4')}: VOD refuses ApplyUpload with InvalidParameterValue.MediaStoragePath.\n`,
    );
  });

  it('uploads the media of a folder and its folders, playlists with their files', async () => {
    const sizes = {
      'lib/a.mp4': 10,
      'lib/b.mov': 20,
      'lib/deep/c.mp4': 30,
      'lib/deep/raw/d.mp4': 40,
    };
    for (const [name, size] of Object.entries(sizes)) await writeMedia(stage, name, size);
    await writeMedia(stage, 'lib/notes.txt', 'notes');
    await writeMedia(stage, 'lib/.hidden.mp4', 'hidden');
    await writeMedia(stage, 'lib/hls/x.m3u8', '#EXTM3U\n#EXTINF:1,\nx0.ts\n');
    await writeMedia(stage, 'lib/hls/x0.ts', 50);
    const args = ['lib', '--direct', '-r', '--exclude', 'deep/raw/**', '--json'];

    const planned = await runPut(stage, [...args, '--dry-run'], accountVariables(stage));
    const { exitCode, out } = await runPut(stage, args, accountVariables(stage));
    const flat = await runPut(
      stage,
      ['lib', '--direct', '--include', '*.{mov,mkv}', '--again', '--json'],
      accountVariables(stage),
    );

    const names = (events: typeof out, event: string) =>
      named(events, event)
        .map(({ path }) => String(path).slice(stage.dir.length + 1))
        .toSorted();
    const expected = ['lib/a.mp4', 'lib/b.mov', 'lib/deep/c.mp4', 'lib/hls/x.m3u8'];
    expect(names(planned.out, 'would_upload')).toEqual(expected);
    expect(exitCode).toBe(0);
    expect(names(out, 'uploaded')).toEqual(expected);
    expect(names(flat.out, 'uploaded')).toEqual(['lib/b.mov']);
  });

  it('sends nothing of a playlist that lacks a file', async () => {
    await writeMedia(stage, 'bad/x.m3u8', '#EXTM3U\n#EXTINF:1,\nmissing.ts\n');
    const before = seen(stage.stack, 'storage').length;

    const { exitCode, error } = await runPut(
      stage,
      ['bad/x.m3u8', '--direct'],
      accountVariables(stage),
    );

    expect(exitCode).toBe(1);
    expect(error).toContain('missing.ts, named in x.m3u8, is missing');
    expect(seen(stage.stack, 'storage').length).toBe(before);
  });

  it('pauses at the first Ctrl+C, says how to go on, goes on, and can be removed', async () => {
    const argsOf = (name: string) => [name, '--direct', '--part-size', '1MiB'];
    const interrupt = async (name: string) => {
      await writeMedia(stage, name, 12 * MEBIBYTE);
      await control(stage, 'speed', { bytesPerSecond: 8 * MEBIBYTE });
      const signals = new EventEmitter();
      const before = countParts(stage);
      const running = runPut(stage, argsOf(name), accountVariables(stage), { signals });
      await expect.poll(() => countParts(stage), { interval: 5 }).toBeGreaterThan(before + 1);
      signals.emit('SIGINT');
      // The second one ends the program, since nobody listens.
      expect(signals.listenerCount('SIGINT')).toBe(0);
      const ended = await running;
      await control(stage, 'speed', { bytesPerSecond: null });
      return ended;
    };

    const first = await interrupt('paused.mp4');
    const second = await runPut(stage, argsOf('paused.mp4'), accountVariables(stage));
    await interrupt('removed.mp4');
    const abort = [...argsOf('removed.mp4'), '--abort'];
    const last = await runPut(stage, abort, accountVariables(stage));

    expect(first.exitCode).toBe(1);
    expect(first.error).toMatch(/Paused: .*paused\.mp4: \d+ %, \d\.\d MB of 12\.6 MB\n/);
    expect(first.error).toContain(`the state is in ${join(stage.dir, '.vod-upload')}.`);
    expect(first.error).toContain('To go on: vod-upload put paused.mp4 --direct --part-size 1MiB');
    expect(second.exitCode).toBe(0);
    expect(second.error).toMatch(/paused\.mp4: continued after \d/);
    expect(last).toMatchObject({
      exitCode: 0,
      error: expect.stringContaining('what was sent is removed'),
    });
    expect(await readdir(join(stage.dir, '.vod-upload'))).not.toContainEqual(
      expect.stringMatching(/lock$/),
    );
  });

  it('pauses once nobody reads what it writes', async () => {
    await writeMedia(stage, 'unread.mp4', 12 * MEBIBYTE);
    const variables = await callerVariables(stage, SCOPE);
    const args = ['unread.mp4', '--json', '--max-rate', '4MiB'];
    const { child, error, ended } = startPut(stage, args, variables);

    await once(child.stdout ?? child, 'data');
    child.stdout?.destroy();

    expect(await ended).toBe(141);
    expect(error()).toBe('');
    const going = await runPut(stage, ['unread.mp4', '--json'], variables);
    expect(named(going.out, 'uploaded')).toHaveLength(1);
  });

  it('removes what was sent of a file that is gone', async () => {
    await writeMedia(stage, 'gone.mp4', 12 * MEBIBYTE);
    const args = ['gone.mp4', '--direct', '--part-size', '1MiB'];
    await control(stage, 'speed', { bytesPerSecond: 8 * MEBIBYTE });
    const signals = new EventEmitter();
    const before = countParts(stage);
    const running = runPut(stage, args, accountVariables(stage), { signals });
    await expect.poll(() => countParts(stage), { interval: 5 }).toBeGreaterThan(before + 1);
    signals.emit('SIGINT');
    await running;
    await control(stage, 'speed', { bytesPerSecond: null });
    await rm(join(stage.dir, 'gone.mp4'));

    const { exitCode, error } = await runPut(stage, [...args, '--abort'], accountVariables(stage));

    expect({ exitCode, error }).toEqual({
      exitCode: 0,
      error: expect.stringContaining('gone.mp4: what was sent is removed'),
    });
  });

  it('says what a DASH manifest is, and uploads nothing of it', async () => {
    await writeMedia(stage, 'dash.mpd', '<MPD/>');

    const { exitCode, error } = await runPut(
      stage,
      ['dash.mpd', '--direct'],
      accountVariables(stage),
    );

    expect({ exitCode, error }).toEqual({
      exitCode: 1,
      error: expect.stringContaining('dash.mpd is a DASH manifest'),
    });
  });

  it('finds the files of the folder in which it runs by their whole names', async () => {
    await writeMedia(stage, 'abc.mp4', 5);
    const args = ['.', '--direct', '--dry-run', '--include', 'abc.mp4', '--include', 'c.mp4'];
    const program = startPut(stage, args, accountVariables(stage));

    expect(await program.ended).toBe(0);
    expect(program.out()).toBe('abc.mp4  mp4  5 bytes\n');
  });

  it('is held by SIGUSR2 until the next one', async () => {
    await writeMedia(stage, 'held.mp4', 6 * MEBIBYTE);
    const signals = new EventEmitter();
    const args = ['held.mp4', '--direct', '--part-size', '1MiB', '--max-rate', '8MiB'];
    const before = countParts(stage);
    const running = runPut(stage, args, accountVariables(stage), { signals });
    await expect.poll(() => countParts(stage), { interval: 5 }).toBeGreaterThan(before);

    signals.emit('SIGUSR2');
    signals.emit('SIGUSR2');
    const { exitCode, error } = await running;

    expect(exitCode).toBe(0);
    expect(error).toContain('Held: SIGUSR2 lets it go on.\nIt goes on.\n');
  });
});

describe('put with functions or an API on this machine', () => {
  // So that nothing reaches the cloud.
  const proxy = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: 'localhost' };
  const put = (args: readonly string[], variables: Variables) =>
    runCommand(
      ['put', 'local.mp4', '--patience', '0', ...args],
      { ...variables, ...proxy },
      {
        folder: stage.dir,
      },
    );

  it('says how its files get there, too', async () => {
    await writeMedia(stage, 'local.mp4', 10);
    const caller = await callerVariables(stage, SCOPE);
    const { host, origin } = new URL(stage.stack.origin);
    const account = {
      ...accountVariables(stage),
      VOD_API_ENDPOINT: host,
      VOD_API_PROTOCOL: 'http',
    };

    const through = await put([], caller);
    const direct = await put(['--direct'], account);

    const advice = `, but files go to Tencent Cloud: for a local stack or the emulator add --cloud-url ${origin}/__vod.\n`;
    expect(through.error).toContain(`${origin} is on this machine${advice}`);
    expect(through.error).toContain('vod2.qcloud.com cannot be reached');
    expect(direct.error).toContain(`${origin} is on this machine${advice}`);
  });

  it('says nothing if they do, or if the functions are elsewhere', async () => {
    await writeMedia(stage, 'local.mp4', 10);
    const caller = await callerVariables(stage, SCOPE);

    const there = await runPut(stage, ['local.mp4', '--again'], caller);
    const elsewhere = await put(['--endpoint', 'https://functions.example.com'], caller);

    expect(there.error).toBe('');
    expect(elsewhere.error).toContain('functions.example.com cannot be reached');
    expect(elsewhere.error).not.toContain('Tencent Cloud');
  });
});

describe('wrong use of put', () => {
  it.each([
    [
      ['a.mp4', '--cloud-url', 'http://localhost:3000/'],
      '--cloud-url must have a path, such as http://localhost:3000/__vod.',
    ],
    [[], 'Name the files or folders to upload'],
    [['-', 'a.mp4'], 'Standard input (-) is uploaded alone.'],
    [['-'], '--name is needed for standard input'],
    [['a.mp4', '--size', '5'], '--size is for standard input.'],
    [
      ['a.mp4', 'b.mp4', '--name', 'x', '--cover', 'y'],
      '--name is for a single file. --cover is for a single file.',
    ],
    [['a.mp4', '--ext-info', 'x'], '--ext-info needs --direct.'],
    [['a.mp4', '--direct', '--task-priority', '1'], '--task-priority does not go with --direct.'],
    [['a.mp4', '--direct', '--wait'], '--wait needs --endpoint'],
    [['a.mp4', '--max-rate', 'fast'], '--max-rate must be a number of bytes'],
    [['a.mp4', '--max-rate', '0'], '--max-rate must be greater than 0.'],
    [['a.mp4', '--part-size', '1MB'], '--part-size must be from 1MiB to 5GiB.'],
    [['a.mp4', '--clas-id', '1'], 'Did you mean "--class-id"?'],
    [['a.mp4'], '--endpoint must be the address of the functions'],
    [['a.mp4', '--endpoint', 'ftp://x'], '--endpoint must begin with https://'],
    [
      ['a.mp4', '--endpoint', 'localhost:3000'],
      'must begin with https://, or on this machine with http',
    ],
    [
      ['-', '--name', 'film'],
      '--type is needed, since --name does not end with a type: --type mp4.',
    ],
    [['a.mp4', '--type', 'exe'], '--type must be a type that VOD takes, such as mp4, mov or mp3.'],
    [['a.mp4', '--cover', 'b.mp4'], '--cover must be an image, such as cover.jpg.'],
    [['a.mp4', '--state', ''], '--state must name a folder.'],
    [
      [
        ...['a.mp4', '--size', '5', '--max-rate', 'fast', '--part-size', '1', '--patience', 'long'],
        ...['--class-id', 'x', '--task-priority', 'y', '--endpoint', '3000', '--cloud-url', 'z'],
      ],
      [
        ...['--size is for standard input.', '--part-size must be from 1MiB to 5GiB.'],
        '--max-rate must be a number of bytes, such as 500000, 5MB or 8MiB.',
        '--patience must be a whole number of seconds, such as 600.',
        ...['--class-id must be a whole number.', '--task-priority must be a whole number.'],
        '--endpoint must be a URL, as https://functions.example.com/.',
        '--cloud-url must be a URL, as https://functions.example.com/.',
      ].join(' '),
    ],
    [['a.mp4', '--direct'], 'VOD_SECRET_ID and VOD_SECRET_KEY must be a key of the account'],
  ])('%j is refused', async (args, message) => {
    const { exitCode, out, error } = await runCommand(['put', ...args], {}, { folder: stage.dir });

    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(error).toContain(message);
  });

  it('a folder without media is', async () => {
    await writeMedia(stage, 'texts/a.txt', 'text');
    const { exitCode, error } = await runPut(stage, ['texts', '--direct'], accountVariables(stage));

    expect(exitCode).toBe(2);
    expect(error).toContain('There is no media to upload.');
  });

  it('a playlist through the functions is', async () => {
    await writeMedia(stage, 'hls/x.m3u8', '#EXTM3U\n#EXTINF:1,\nx0.ts\n');
    await writeFile(join(stage.dir, 'hls/x0.ts'), 'segment');
    const variables = await callerVariables(stage, SCOPE);

    const { exitCode, error } = await runPut(stage, ['hls/x.m3u8'], variables);
    await rm(join(stage.dir, 'hls'), { recursive: true });

    expect(exitCode).toBe(2);
    expect(error).toContain('use --direct with the key of an account');
  });
});
