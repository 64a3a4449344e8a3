import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { readSettings } from '../../../tools/vod-emulator/read-settings.ts';
import { fetchSha256, sha256 } from '../../support/digest.ts';
import { listen } from '../../support/listen.ts';
import { uploadFromServer } from '../../support/local-upload-client.ts';
import { openReceiver } from '../local/emulator/events/callback-receiver.ts';
import { arrive, createClient, KEYS, listMedia, WITH_KEYS } from './emulator-calls.ts';
import { useEmulatorProcess } from './emulator-process.ts';

const stage = useEmulatorProcess();
const run = promisify(execFile);

describe('vod-emulator', () => {
  it('serves the account that it prints to the vendor’s SDKs, and ends cleanly', async () => {
    vi.stubEnv('XDG_CONFIG_HOME', stage.dir);
    const emulator = await stage.start();
    const [, secretId = ''] = /SecretId +(\S+)/.exec(emulator.out()) ?? [];
    const [, secretKey = ''] = /SecretKey +(\S+)/.exec(emulator.out()) ?? [];
    const film = join(stage.dir, 'film.mp4');
    await writeFile(film, 'a film');

    const credential = { secretId, secretKey };
    const { FileId, MediaUrl } = await uploadFromServer(
      { origin: emulator.origin, account: { ...credential, subAppId: 1_500_000_001 } },
      { MediaFilePath: film },
    );

    expect(await fetchSha256(MediaUrl)).toBe(sha256(Buffer.from('a film')));
    const { MediaInfoSet } = await createClient(emulator, credential).DescribeMediaInfos({
      FileIds: [FileId],
    });
    expect(MediaInfoSet?.[0]?.BasicInfo?.Name).toBe('film');
    expect(await emulator.stop()).toBe(0);
    expect(emulator.err()).toBe('');
    vi.unstubAllEnvs();
  });

  it('prints a request that works', async () => {
    const emulator = await stage.start();
    const [command = ''] = /curl .*$/m.exec(emulator.out()) ?? [];

    const { stdout } = await run('bash', ['-c', command.replace('curl', 'curl -fsS')]);

    expect(await fetchSha256(JSON.parse(stdout).mediaUrl)).not.toBe('');
  });

  it('reads its account, its applications and its callback from flags and variables', async () => {
    const receiver = await openReceiver();
    const emulator = await stage.start(
      [...WITH_KEYS, '--sub-app-ids', '1500000007,1500000008', '--callback-url', receiver.url],
      { VOD_EMULATOR_SIGN_KEY: 'SignKeyExample7', VOD_EMULATOR_SECRET_ID: 'AKIDlesser' },
    );

    expect(await emulator.control('GET', 'info')).toMatchObject({
      ...KEYS,
      ...{ subAppId: 1_500_000_007, applications: [1_500_000_007, 1_500_000_008] },
      ...{ signKey: 'SignKeyExample7', callbackUrl: receiver.url, callbackMode: 'PUSH' },
    });
    const fileId = await arrive(emulator, { subAppId: 1_500_000_008 });
    const { body, target } = await receiver.next();
    expect(body).toMatchObject({
      EventType: 'NewFileUpload',
      FileUploadEvent: { FileId: fileId },
      Sign: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(target).toBe('/callback?subAppId=1500000008');
    await receiver.close();
  });

  it('knows the procedures and categories that it is told, and says how to add others', async () => {
    const flags = ['--procedures', 'Thumbnails,Subtitles', '--class-ids', '7'];
    const emulator = await stage.start([...WITH_KEYS, ...flags]);
    const strict = createClient(emulator);
    const upload = { MediaType: 'mp4', MediaName: 'film' };

    await expect(strict.ApplyUpload({ ...upload, Procedure: 'Subtitles' })).resolves.toHaveProperty(
      'VodSessionKey',
    );
    await expect(strict.ApplyUpload({ ...upload, Procedure: 'Chapters' })).rejects.toThrow(
      'there is no procedure Chapters: --procedures must name it (--unknown-names accept accepts any, to fail later)',
    );
    await expect(
      strict.PullUpload({ MediaUrl: 'https://example.com/film.mp4', ClassId: 8 }),
    ).rejects.toThrow('--class-ids must name it');
    expect((await strict.DescribeAllClass({})).ClassInfoSet?.map(({ ClassId }) => ClassId)).toEqual(
      [0, 7],
    );

    await emulator.stop();
    const open = createClient(await stage.start([...WITH_KEYS, '--unknown-names', 'accept']));
    await expect(open.ApplyUpload({ ...upload, Procedure: 'Chapters' })).resolves.toHaveProperty(
      'VodSessionKey',
    );
  });

  it('keeps keys, files and the clock when it is killed and started again', async () => {
    const first = await stage.start();
    const fileId = await arrive(first);
    await first.control('POST', 'clock', { seconds: 60 });
    const { secretKey } = await first.control('GET', 'info');
    expect(await first.stop('SIGKILL')).toBeNull();

    const second = await stage.start();

    expect((await listMedia(second)).map((media) => media.fileId)).toEqual([fileId]);
    expect(await second.control('GET', 'info')).toMatchObject({ secretKey });
    expect(await second.control('GET', 'clock')).toMatchObject({ aheadSeconds: 60 });
    expect(second.out()).toContain('60 seconds ahead');
    expect((await stat(join(stage.state, 'keys.json'))).mode & 0o777).toBe(0o600);
  });

  it('is found by its health route, and refuses pages of other sites', async () => {
    const emulator = await stage.start();
    const foreign = { headers: { Origin: 'https://attacker.example.com' } };

    expect(await emulator.control('GET', 'health')).toMatchObject({ status: 'ok' });
    expect((await fetch(`${emulator.origin}/__local/info`, foreign)).status).toBe(403);
    const page = { method: 'POST', headers: { Origin: 'http://localhost:5173' } };
    expect((await fetch(`${emulator.origin}/__local/reset`, page)).status).toBe(403);
    expect((await fetch(`${emulator.origin}/__local/health`, page)).status).toBe(404);
    expect((await fetch(`${emulator.origin}/`)).status).toBe(404);
    expect((await fetch(`${emulator.origin}//`)).status).toBe(404);
    expect((await fetch(`${emulator.origin}//x/__local/health`)).status).toBe(404);
  });

  it('answers to the hosts of the origins that it was given, and to no others', async () => {
    const emulator = await stage.start(['--origins', 'http://vod-emulator:3001']);
    const ask = async (host: string) => {
      const { port } = new URL(emulator.origin);
      const { stdout } = await run('curl', [
        ...['-s', '-o', '/dev/null', '-w', '%{http_code}', '-H', `Host: ${host}`],
        `http://127.0.0.1:${port}/__local/health`,
      ]);
      return stdout;
    };

    expect(await ask('vod-emulator:3001')).toBe('200');
    expect(await ask('other.example.com')).toBe('421');
  });

  it('has the script with which a page’s requests to the cloud come here', async () => {
    const emulator = await stage.start();
    const foreign = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'script' };

    const response = await fetch(`${emulator.origin}/shim.js`, { headers: foreign });

    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await response.text()).toContain('/__vod/');
  });

  it('has the faults of the emulator, and not those of the stack', async () => {
    const emulator = await stage.start();

    const { available } = await emulator.control('GET', 'faults');

    expect(Object.keys(Object(available))).toContain('lost-callback');
    expect(Object.keys(Object(available))).not.toContain('consumer-slow');
    expect(await emulator.control('POST', 'faults', { fault: 'consumer-slow' })).toEqual({
      detail: expect.stringMatching(/^fault: must be one of expired-signature, /),
    });
  });

  it('loads nothing of the functions, their database or the deployment', async () => {
    const emulator = await stage.start();
    const cache = new URL('../../../node_modules/.cache/vod-emulator/', import.meta.url);
    const { stdout } = await run('bash', ['-c', `head -qn 1 "${cache.pathname}"/*.mjs`]);
    const sources = stdout
      .trim()
      .split('\n')
      .flatMap((line) => Object.keys(JSON.parse(line.slice('// '.length))));

    expect(sources.filter((path) => path.includes('/tools/vod-emulator/')).length).toBeGreaterThan(
      5,
    );
    const product =
      /\/(?:functions|lib\/(?:ledger|ingest|auth|uploads|pulls|sweep|webhooks)|tools\/deploy|tools\/local\/(?:gateway|page|postgres))\/|node_modules\/(?:postgres|jose|esbuild|preact)\//;
    expect(sources.filter((path) => product.test(path))).toEqual([]);
    await emulator.stop();
  });
});

describe('vod-emulator, if it cannot start', () => {
  it('names everything that is wrong at once, with what was probably meant, and no secret', async () => {
    const emulator = stage.run(
      ['--prot', '3001', '--callback-url', 'here', '--sign-key', 'not!a!key', 'extra', '--origins'],
      { VOD_EMULATOR_PORT: '3001', VOD_EMULATOR_STAT: 'x', VOD_EMULATOR_TLS: 'yes' },
    );

    expect(await emulator.ended).toBe(1);
    expect(emulator.out()).toBe('');
    expect(emulator.err().split('\n')).toEqual([
      'There is no option "--prot". Did you mean "--port"?',
      'There is no argument "extra".',
      '--origins needs a value: ORIGINS.',
      'There is no variable VOD_EMULATOR_STAT. Did you mean "VOD_EMULATOR_STATE"?',
      '--sign-key must be at most 32 letters and digits.',
      '--callback-url must be a URL that begins with http:// or https://, and is "here".',
      'VOD_EMULATOR_TLS must be 1 or 0, and is "yes".',
      'See "vod-emulator --help".',
      '',
    ]);
  });

  it.each([[['help']], [['--tls', 'help']]])('refuses the argument of %j', (args) => {
    expect(() => readSettings(args, {})).toThrow('There is no argument "help".');
  });

  it('prints its help and its version', async () => {
    const help = stage.run(['--help']);
    const version = stage.run(['--version']);

    expect([await help.ended, await version.ended]).toEqual([0, 0]);
    expect(help.out()).toMatch(/^vod-emulator emulates .*\n\nUsage: vod-emulator \[options\]\n/);
    expect(version.out()).toBe('0.1.0\n');
  });

  it('says what to do if its port is taken', async () => {
    const server = await listen(createServer());

    const emulator = stage.run(['--port', String(server.port)]);

    expect(await emulator.ended).toBe(1);
    expect(emulator.err()).toBe(
      `Port ${server.port} is taken: stop what listens there, or choose another with vod-emulator --port ${server.port + 1}.\n`,
    );
    await server.close();
  });

  it('says which emulator uses its state folder, and leaves that one alone', async () => {
    const first = await stage.start();
    const fileId = await arrive(first);

    const second = stage.run();

    expect(await second.ended).toBe(1);
    const { port } = new URL(first.origin);
    expect(second.err()).toBe(
      `The state in ${stage.state} is in use by the emulator on port ${port}: stop that one, or choose another folder with --state.\n`,
    );
    expect((await listMedia(first)).map((media) => media.fileId)).toEqual([fileId]);
    expect(await first.stop()).toBe(0);
    await stage.start();
  });

  it.each([
    ['keys.json', 'keys'],
    ['clock.json', 'clock'],
    ['vod/state.ndjson', 'state'],
  ])('says that %s is damaged', async (file, what) => {
    const first = await stage.start();
    await arrive(first);
    await first.control('POST', 'clock', { seconds: 1 });
    await first.stop();
    await writeFile(join(stage.state, file), 'not JSON');

    const second = stage.run();

    expect(await second.ended).toBe(1);
    expect(second.err()).toMatch(new RegExp(`${file}.*\\b${what}\\b|\\b${what}\\b.*${file}`));
    expect(second.err()).toMatch(/delete (?:this file|it)/i);
    expect(second.err()).not.toMatch(/\n +at /);
  });
});
