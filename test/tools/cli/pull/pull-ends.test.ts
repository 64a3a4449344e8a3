import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { isAlive } from '../../../support/is-alive.ts';
import { makeFolder } from '../../../support/make-folder.ts';
import { useService } from '../../pull/service-stage.ts';

vi.setConfig({ testTimeout: 60_000 });

const PROGRAM = fileURLToPath(new URL('../../../../tools/cli/vod-upload.mjs', import.meta.url));

const service = useService();
let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
  // Not the device itself: a fault could replace it.
  await symlink('/dev/full', join(folder, 'full'));
});

const url = (name: string) => `https://media.example.com/${name}.mp4`;
const write = (name: string, lines: readonly string[]) =>
  writeFile(join(folder, name), `${lines.join('\n')}\n`);

async function start(args: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore') {
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, ...args], {
    ...{ cwd: folder, stdio: [stdin, 'pipe', 'pipe'] },
    env: { PATH: process.env['PATH'], TMPDIR: temporary, ...(await service.variables()) },
  });
  if (child.stdout === null || child.stderr === null) throw new Error('Its output is read here.');
  const closed = new Promise<string | number | null>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  );
  const [out, error] = [text(child.stdout), text(child.stderr)];
  const ended = async () => ({ code: await closed, out: await out, error: await error });
  return { child, ended };
}

/** Runs the program while VOD fetches what is queued. */
async function runWithVod(args: readonly string[], fails?: (url: string) => boolean) {
  const abort = new AbortController();
  const vod = (async () => {
    while (!abort.signal.aborted) {
      await service.fetchQueued(fails);
      await sleep(20);
    }
  })();
  const { ended } = await start([...args, '--yes', '--no-look', '--every', '0.1']);
  const outcome = await ended().finally(() => abort.abort());
  await vod;
  return outcome;
}

/** Files that the program leaves, but for those of the test. */
const leftovers = async () =>
  (await readdir(folder, { recursive: true })).filter((name) => /^\.\d|vod-upload-list/.test(name));

describe('the lines at the end of vod-upload pull', () => {
  it('name no list of failures if files only differ from what was expected', async () => {
    await write('library.csv', ['id,mediaUrl,size', `a,${url('a')},999`]);
    await write('library.failures.csv', ['id,mediaUrl', `old,${url('old')}`]);

    const { code, out } = await runWithVod(['pull', '--from', 'library.csv']);

    expect(code).toBe(1);
    expect(out).toMatch(
      /1 of 1 are ready\.\nverified: 0 match their source, 1 differ, 0 could not be compared\nmapping: \S+library\.mapping\.csv\n$/,
    );
    expect(existsSync(join(folder, 'library.failures.csv'))).toBe(false);
    expect(existsSync(join(folder, 'library.mapping.csv'))).toBe(true);
  });

  it('name the list of failures if there is one, also if nothing is waited for', async () => {
    await write('library.csv', ['id,mediaUrl', `a,${url('a')}`, 'b,http://localhost/b.mp4']);

    const args = ['pull', '--from', 'library.csv', '--yes', '--no-look', '--no-wait'];
    const queued = await (await start(args)).ended();
    await rm(join(folder, 'library.failures.csv'));
    const { code, out } = await runWithVod(['pull', '--from', 'library.csv']);

    expect(queued).toMatchObject({
      ...{ code: 1, error: expect.stringMatching(/^failures: .*library\.failures\.csv\n$/m) },
    });
    expect(code).toBe(1);
    expect(out).toMatch(/1 of 1 are ready\.\nnot sent: 1\n/);
    expect(out).toMatch(/failures: .*library\.failures\.csv\n$/);
    expect(await readFile(join(folder, 'library.failures.csv'), 'utf8')).toContain('b.mp4');
  });
});

describe('vod-upload pull with files that cannot be written', () => {
  it.each(['--mapping', '--failures'])(
    'brings all the same with %s on a full disk',
    async (name) => {
      await write('library.csv', ['id,mediaUrl', `a,${url('a')}`, `lost,${url('lost')}`]);

      const { code, out, error } = await runWithVod(
        ['pull', '--from', 'library.csv', name, 'full'],
        (each) => each.includes('lost'),
      );

      expect(code).toBe(1);
      expect(error).toContain(
        '/full cannot be written (ENOSPC): make room on the disk, or name a file elsewhere. The run is kept by the service: "vod-upload runs show library --mapping FILE --failures FILE" writes what became of it.\n',
      );
      expect(error).not.toContain('should not happen');
      expect(out).toContain('1 of 2 are ready.');
      expect(out).not.toContain('/full');
      const other = name === '--mapping' ? 'failures' : 'mapping';
      expect(out).toContain(`${other}: ${join(folder, `library.${other}.csv`)}\n`);
      expect((await lstat(join(folder, 'full'))).isSymbolicLink()).toBe(true);
    },
  );

  it('brings all the same if their folder is gone by then', async () => {
    await mkdir(join(folder, 'results'));
    await write('library.csv', ['id,mediaUrl', 'bad,http://localhost/b.mp4', `a,${url('a')}`]);
    service.onRequest = (request) => {
      if (request.endsWith('/items'))
        void rm(join(folder, 'results'), { recursive: true, force: true });
    };

    const { code, out, error } = await runWithVod([
      ...['pull', '--from', 'library.csv'],
      ...['--mapping', 'results/mapping.csv', '--failures', 'results/failures.csv'],
    ]);
    service.onRequest = () => undefined;

    expect(code).toBe(1);
    expect(error.match(/results\/\w+\.csv cannot be written \(ENOENT\)/g)).toHaveLength(2);
    expect(out).toContain('1 of 1 are ready.');
    const shown = ['runs', 'show', 'library', '--mapping', 'later.csv', '--failures', 'left.csv'];
    expect(await (await start(shown)).ended()).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, 'later.csv'), 'utf8')).toMatch(/^a,.*,ready,/m);
  });

  it('writes tens of thousands of refused lines, or says that it could not', async () => {
    const bad = Array.from({ length: 20_000 }, (_, i) => `${i},http://localhost/${i}.mp4`);
    await write('library.csv', ['id,mediaUrl', ...bad, `a,${url('a')}`]);

    const { code, error } = await runWithVod([
      ...['pull', '--from', 'library.csv', '--failures', 'full'],
    ]);

    expect(code).toBe(1);
    expect(error).toContain('/full cannot be written (ENOSPC)');
  });

  it('sends nothing if they could never be written', async () => {
    await write('library.csv', ['id,mediaUrl', `a,${url('a')}`]);

    const { code, error } = await runWithVod([
      ...['pull', '--from', 'library.csv', '--mapping', 'none/mapping.csv'],
    ]);

    expect(code).toBe(2);
    expect(error).toMatch(/none\/mapping\.csv cannot be written \(ENOENT\): make its folder/);
    expect(service.requests).toEqual([]);
  });
});

describe('vod-upload pull, interrupted', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends by %s with the command for links and its children, and leaves nothing',
    async (signal) => {
      await writeFile(
        join(folder, 'sign.sh'),
        `#!/bin/sh\nsleep 600 &\necho $! > ${folder}/$$.part\nmv ${folder}/$$.part ${folder}/$$.child\nwait\n`,
      );
      await chmod(join(folder, 'sign.sh'), 0o755);
      const { child, ended } = await start(
        ['pull', '--from', '-', '--run', 'film', '--presign', './sign.sh', '--yes'],
        'pipe',
      );
      child.stdin?.end('id,mediaUrl\na,\nbad,http://localhost/b.mp4\nb,\n');
      const find = async () => (await readdir(folder)).filter((name) => name.endsWith('.child'));
      while ((await find()).length < 2) await sleep(10);
      const children = await Promise.all(
        (await find()).map(async (name) => Number(await readFile(join(folder, name), 'utf8'))),
      );
      child.kill(signal);

      const { code, error } = await ended();
      expect(code).toBe(signal);
      expect(error).toContain(
        'Interrupted. What is queued goes on: "vod-upload runs show film --watch" shows it, and the same command queues the rest.\n',
      );
      while (children.some(isAlive)) await sleep(10);
      expect(await leftovers()).toEqual([]);
    },
  );
});

describe('vod-upload pull --presign', () => {
  const sign = async (lines: readonly string[]) => {
    await write('sign.sh', [
      'read line',
      `id=$(echo "$line" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')`,
      ...lines,
    ]);
    return ['--presign', 'sh ./sign.sh'];
  };
  const PRINT = 'echo "https://media.example.com/$id.mp4?sign=$$"';

  it('says the line, the exit code and what the command complains of, without secrets', async () => {
    await write('keys.csv', ['id', 'a', 'bad']);
    const presign = await sign([
      'if [ $id = bad ]; then echo "no key for https://x.example.com/a?sign=canary" >&2; exit 3; fi',
      PRINT,
    ]);

    const { code, error } = await runWithVod(['pull', '--from', 'keys.csv', ...presign]);

    const reason =
      'the command of --presign ended with exit code 3: no key for https://x.example.com/a?…';
    expect(code).toBe(1);
    expect(error).toContain(`Line 3: ${reason}\n`);
    expect(await readFile(join(folder, 'keys.failures.csv'), 'utf8')).toMatch(
      new RegExp(`^bad,.*line 3: ${reason.replaceAll(/[.?]/g, '\\$&')}$`, 'm'),
    );
  });

  it('sends a link at once, while the command is slow about others', async () => {
    await write('keys.csv', ['id', 'slow', ...Array.from({ length: 20 }, (_, i) => `fast${i}`)]);
    const presign = await sign([
      `if [ $id = slow ]; then while [ ! -e ${folder}/go ]; do sleep 0.02; done; fi`,
      PRINT,
    ]);
    const { ended } = await start(['pull', '--from', 'keys.csv', ...presign, '--yes', '--no-wait']);
    const sent: string[] = [];
    while (sent.length < 20) {
      sent.push(...(await service.fetchQueued()));
      await sleep(20);
    }
    await write('go', []);

    expect((await ended()).code).toBe(0);
    expect(sent.some((each) => each.includes('slow'))).toBe(false);
    expect(await service.fetchQueued()).toEqual([expect.stringContaining('/slow.mp4?sign=')]);
  });

  it('asks for another link for each attempt to send it', async () => {
    await write('keys.csv', ['id', 'film']);
    const presign = await sign([`echo $$ >> ${folder}/asked`, PRINT]);
    let failures = 2;
    service.onRequest = (request) => {
      if (!request.endsWith('/items') || !request.startsWith('POST') || failures === 0) return;
      failures -= 1;
      service.breakNext(1);
    };
    const args = ['pull', '--from', 'keys.csv', ...presign, '--yes', '--no-wait'];
    const { code } = await (await start(args)).ended();
    service.onRequest = () => undefined;

    const asked = (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n');
    expect(code).toBe(0);
    expect(asked).toHaveLength(3);
    expect(await service.fetchQueued()).toEqual([`${url('film')}?sign=${asked[2]}`]);
  });

  it('lets no more than a hundred links wait, and asks for none that the run has', async () => {
    const ids = Array.from({ length: 120 }, (_, i) => `film${i}`);
    await write('keys.csv', ['id', ...ids]);
    const presign = await sign([`echo $$ >> ${folder}/asked`, PRINT]);
    const args = ['pull', '--from', 'keys.csv', ...presign, '--yes', '--no-wait'];
    const { ended } = await start(args);
    const countAsked = async () =>
      (await readFile(join(folder, 'asked'), 'utf8').catch(() => '')).split('\n').length - 1;
    // It asks whether there is room again after that.
    let looks = 0;
    service.onRequest = (request) => {
      if (/^GET \/pulls\/runs\/[^/]+$/.test(request)) looks += 1;
    };
    while (looks < 3) await sleep(20);
    service.onRequest = () => undefined;
    const asked = await countAsked();
    const waited = await service.fetchQueued();
    const { code } = await ended();
    const sent = new Set([...waited, ...(await service.fetchQueued())]);
    const again = await (await start(args)).ended();

    expect(code).toBe(0);
    expect(asked).toBeLessThanOrEqual(100);
    expect(sent.size).toBe(120);
    expect(again.code).toBe(0);
    expect(await countAsked()).toBe(120);
  });

  it('refuses a time limit that is none', async () => {
    await write('keys.csv', ['id', 'film']);
    const args = ['pull', '--from', 'keys.csv', '--presign', 'true', '--presign-timeout'];

    for (const seconds of ['0', 'x', '4000']) {
      const { code, error } = await (await start([...args, seconds])).ended();
      expect(code).toBe(2);
      expect(error).toContain('--presign-timeout must be a number of seconds up to 3600');
    }
  });
});
