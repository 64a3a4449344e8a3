import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Surroundings } from '../../../../tools/cli/command.ts';
import { createPullCommand } from '../../../../tools/cli/pull/pull-command.ts';
import { runs } from '../../../../tools/cli/pull/runs-command.ts';
import { type Listening, listen } from '../../../support/listen.ts';
import { makeFolder } from '../../../support/make-folder.ts';
import { useService } from '../../pull/service-stage.ts';
import { NO_TERMINAL } from '../cli-stage.ts';

const service = useService();
let sources: Listening;
let looks: string[];
let folder: string;

/** Each path names what its source does. */
beforeAll(async () => {
  sources = await listen(
    createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://sources');
      looks.push(`${request.method} ${pathname}`);
      const size = { 'Content-Length': '1000', 'Content-Type': 'video/mp4' };
      if (pathname.startsWith('/gone')) response.writeHead(404).end();
      else if (pathname.startsWith('/login'))
        response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Length': '9' }).end();
      else if (pathname.startsWith('/signed') && request.method === 'HEAD')
        response.writeHead(403).end();
      else if (pathname.startsWith('/signed'))
        response
          .writeHead(206, { 'Content-Range': 'bytes 0-0/1000', 'Content-Length': '1' })
          .end('x');
      else response.writeHead(200, { ...size, 'Accept-Ranges': 'bytes' }).end();
    }),
  );
});
afterAll(() => sources.close());
beforeEach(async () => {
  looks = [];
  folder = await makeFolder();
});

/** All hosts of the tests are one server. */
const fetchSource: typeof fetch = (input, init) => {
  const url = new URL(String(input));
  return fetch(`${sources.origin}${url.pathname}${url.search}`, init);
};
const pull = createPullCommand(fetchSource);

const url = (name: string) => `https://media.example.com/${name}.mp4`;
const write = async (name: string, lines: readonly string[], place = folder) => {
  await writeFile(join(place, name), `${lines.join('\n')}\n`);
  return name;
};

async function run(
  command: typeof pull,
  args: readonly string[],
  more: Partial<Surroundings> = {},
) {
  let out = '';
  let error = '';
  const exitCode = await command.run(args, {
    environment: await service.variables(),
    ...{ ...NO_TERMINAL, folder, now: Date.now },
    writeOut: (text) => {
      out += text;
    },
    writeError: (text) => {
      error += text;
    },
    ...more,
  });
  return { exitCode, out, error };
}

/** Runs the command while VOD fetches what is queued. */
async function runWithVod(
  command: typeof pull,
  args: readonly string[],
  fails?: (url: string) => boolean,
) {
  const abort = new AbortController();
  const fetched: string[] = [];
  const vod = (async () => {
    while (!abort.signal.aborted) {
      fetched.push(...(await service.fetchQueued(fails)));
      await sleep(20);
    }
  })();
  const outcome = await run(command, [...args, '--every', '0.1']).finally(() => abort.abort());
  await vod;
  return { ...outcome, fetched };
}

const read = async (name: string) => readFile(join(folder, name), 'utf8');
const lines = async (name: string) => (await read(name)).trim().split('\n');

describe('vod-upload pull --from', () => {
  it('says what it would pull and what not, and does nothing without consent', async () => {
    await write('library.csv', [
      'id,mediaUrl',
      `1,${url('a')}`,
      `2,${url('signed')}`,
      `3,${url('gone')}`,
      `4,${url('login')}`,
      '5,http://localhost/b.mp4',
      `1,${url('c')}`,
      '7,https://media.example.com/d.doc',
    ]);

    const dry = await run(pull, ['--from', 'library.csv', '--dry-run']);
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return 'n';
    };
    const refused = await run(pull, ['--from', 'library.csv'], { ask });

    expect(dry.exitCode).toBe(0);
    expect(dry.out).toContain('7 lines: 2 to pull, 0 known to the run, 1 duplicates, 4 refused');
    expect(dry.out).toContain('size: 2.0 kB');
    expect(dry.out).toContain('cost: unknown');
    expect(dry.out).toMatch(/1 {2}the source answers 404 \(line 4\)/);
    expect(dry.out).toMatch(/the source is a web page \(line 5\)/);
    expect(dry.out).toMatch(/mediaUrl must have a host on the public internet; .* \(line 6\)/);
    expect(dry.out).toMatch(/mediaType must name the type of the media.* \(line 8\)/);
    expect(questions).toEqual(['Pull 2 files? [y/N] ']);
    expect(refused.exitCode).toBe(1);
    expect(service.requests.filter((request) => request.startsWith('POST'))).toEqual([]);
    await expect(read('library.failures.csv')).rejects.toThrow('ENOENT');
    await expect(run(pull, ['--from', 'library.csv'])).rejects.toThrow(
      'repeat the command with --yes',
    );
  });

  it('says which lines have the source of which others, and takes the first valid one', async () => {
    await write('library.csv', [
      'id,mediaUrl',
      `1,${url('gone')}`,
      `1,${url('a')}`,
      '2,http://localhost/b.mp4',
      `1,${url('c')}`,
      `2,${url('d')}`,
      `2,${url('e')}`,
    ]);

    const dry = await run(pull, ['--from', 'library.csv', '--dry-run']);
    const json = await run(pull, ['--from', 'library.csv', '--dry-run', '--json']);

    expect(dry.out).toContain('6 lines: 2 to pull, 0 known to the run, 2 duplicates, 2 refused');
    expect(dry.out).toContain('\nduplicates: line 5 of line 3, line 7 of line 6\n');
    expect(JSON.parse(json.out)).toMatchObject({
      ...{ accepted: 2, duplicates: 2 },
      firstDuplicates: [
        { line: 5, of: 3 },
        { line: 7, of: 6 },
      ],
    });
  });

  it('names the first of many duplicates', async () => {
    const again = Array.from({ length: 12 }, () => url('a'));
    await write('library.csv', ['mediaUrl', ...again]);

    const { out } = await run(pull, ['--from', 'library.csv', '--dry-run']);

    expect(out).toContain('1 to pull, 0 known to the run, 11 duplicates');
    expect(out).toMatch(/\nduplicates: line 3 of line 2, .*, line 12 of line 2, …\n/);
  });

  it('brings a list, maps and verifies it, and leaves a list of failures', async () => {
    await write('library.csv', [
      'id,mediaUrl,mediaName,size,duration',
      `a,${url('a')}?sign=canary,"A, film",1000,5`,
      `b,${url('b')},,999,5`,
      `lost,${url('lost')},,,`,
      `gone,${url('gone')},,,`,
      `d,${url('d')},,,9`,
    ]);

    const { exitCode, out, fetched } = await runWithVod(
      pull,
      ['--from', 'library.csv', '--yes'],
      (each) => each.includes('lost'),
    );

    expect(exitCode).toBe(1);
    expect(fetched).toHaveLength(4);
    expect(out).toContain('3 of 4 are ready.');
    // The source says 1,000 bytes itself, which counts more than the list.
    expect(out).toContain('verified: 2 match their source, 1 differ, 0 could not be compared');
    const [head, first, ...others] = await lines('library.mapping.csv');
    expect(head).toBe('id,sourceUrl,uploadId,fileId,mediaUrl,size,duration,state,verified');
    expect(first).toMatch(
      /^a,https:\/\/media\.example\.com\/a\.mp4,[0-9A-Z]{26},[0-9a-f-]{36},http:\/\/vod\.example\.com\/[0-9A-Z]+\.mp4,1000,5,ready,same$/,
    );
    expect(others.map((line) => line.split(',').at(-1))).toEqual(['same', 'different', '']);
    expect(await read('library.mapping.csv')).not.toContain('canary');
    const failures = await lines('library.failures.csv');
    expect(failures[0]).toMatch(/^id,mediaUrl,.*,problem$/);
    expect(failures.slice(1).map((line) => line.split(',').slice(0, 2))).toEqual([
      ['gone', url('gone')],
      ['lost', url('lost')],
    ]);

    // What failed is a list again; the same run attempts it again.
    const again = await runWithVod(
      pull,
      [
        '--from',
        'library.failures.csv',
        '--run',
        'library',
        '--retry',
        '--yes',
        '--failures',
        'left.ndjson',
      ],
      () => false,
    );
    expect(again.fetched).toEqual([url('lost')]);
    expect(await lines('left.ndjson')).toHaveLength(1);
  });

  it('continues with the same list, half of it, or a longer one, and pulls nothing twice', async () => {
    const all = Array.from({ length: 30 }, (_, i) => `${i},${url(`v${i}`)}`);
    await write('library.csv', ['id,mediaUrl', ...all.slice(0, 20)]);
    const first = await runWithVod(pull, ['--from', 'library.csv', '--yes']);
    looks = [];
    await write('half.csv', ['id,mediaUrl', ...all.slice(0, 10)]);
    const half = await runWithVod(pull, ['--from', 'half.csv', '--run', 'library', '--yes']);
    await write('library.csv', ['id,mediaUrl', ...all.toReversed()]);
    const grown = await runWithVod(pull, ['--from', 'library.csv', '--yes', '--json']);

    expect([first.exitCode, half.exitCode, grown.exitCode]).toEqual([0, 0, 0]);
    expect([first.fetched.length, half.fetched.length, grown.fetched.length]).toEqual([20, 0, 10]);
    const objects = grown.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects[0]).toMatchObject({ type: 'preview', lines: 30, known: 20 });
    expect(objects.at(-1)).toMatchObject({
      type: 'end',
      total: 30,
      states: { ready: 30 },
      verification: { different: 0 },
    });
    // Known sources are looked at only to compare their sizes at the end.
    expect(looks.filter((look) => look === 'HEAD /v25.mp4')).toHaveLength(1);
  });

  it('asks for each URL just before it is sent, and again for another attempt', async () => {
    const script = join(folder, 'sign.mjs');
    await writeFile(
      script,
      `import { readFileSync, appendFileSync } from 'node:fs';
      const { id } = JSON.parse(readFileSync(0, 'utf8'));
      appendFileSync(${JSON.stringify(join(folder, 'signed'))}, id + '\\n');
      if (id === 'bad') process.exit(1);
      console.log('https://media.example.com/' + id + '.mp4?sign=' + process.pid);\n`,
    );
    await write('keys.csv', ['id', 'a', 'b', 'bad']);
    const presign = `'${process.execPath}' '${script}'`;

    const first = await runWithVod(
      pull,
      ['--from', 'keys.csv', '--presign', presign, '--yes'],
      (each) => each.includes('/b.mp4'),
    );
    const retried = await run(runs, ['retry', 'keys', '--presign', presign]);
    const [again] = await service.fetchQueued();

    expect(first.exitCode).toBe(1);
    expect(first.fetched.map((each) => each.replace(/\d+$/, '')).toSorted()).toEqual([
      `${url('a')}?sign=`,
      `${url('b')}?sign=`,
    ]);
    expect((await lines('keys.failures.csv')).slice(1).map((line) => line.split(',')[0])).toEqual([
      'bad',
      'b',
    ]);
    expect(retried.out).toBe('1 retried, 0 refused\n');
    expect(again).toMatch(/b\.mp4\?sign=\d+$/);
    expect(first.fetched).not.toContain(again);
  });

  it('survives a service that fails for a while', async () => {
    await write('library.csv', ['mediaUrl', url('a')]);
    service.breakNext(2);

    expect((await runWithVod(pull, ['--from', 'library.csv', '--yes'])).exitCode).toBe(0);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['an empty list', [''], /^The list is empty/],
    ['a missing header', ['id,name'], /^Line 1 .*unknown column "name"/],
  ])('refuses %s with its line', async (_what, content, message) => {
    await write('bad.csv', content);

    await expect(run(pull, ['--from', 'bad.csv', '--yes'])).rejects.toThrow(message);
  });

  it('refuses wrong options, all at once', async () => {
    await expect(run(pull, [])).rejects.toThrow('--from must name a list');
    await expect(run(pull, ['library.csv'])).rejects.toThrow('with --from: --from library.csv');
    await expect(run(pull, ['--from', 'a.csv', 'b.csv'])).rejects.toThrow('there is one for a run');
    await expect(run(pull, ['--from', '-'])).rejects.toThrow('--run must name the run');
    await expect(run(pull, ['--from', 'a.csv', '--run='])).rejects.toThrow('must name the run');
    await expect(run(pull, ['--from', '.'])).rejects.toThrow('is a folder: name a file in it');
    await expect(run(pull, ['--from', 'none.csv'])).rejects.toThrow('cannot be read');
    const again = ['--from', 'library.failures.csv', '--run', 'library'];
    await expect(run(pull, again)).rejects.toThrow('--failures would replace the list itself');
    await expect(run(pull, ['--from', 'none.csv'], { environment: {} })).rejects.toThrow(
      /--endpoint.*VOD_UPLOAD_TOKEN/,
    );
    await expect(run(pull, ['--from', 'a', '--map', 'medaUrl=b'])).rejects.toThrow(
      'Did you mean "mediaUrl"',
    );
  });
});

describe('vod-upload runs', () => {
  it('lists and shows runs, and undoes one, after asking', async () => {
    await write('library.csv', ['mediaUrl', url('a'), url('b')]);
    await runWithVod(pull, ['--from', 'library.csv', '--yes']);

    const listed = await run(runs, ['list']);
    const shown = await run(runs, ['show', 'library', '--json']);
    const kept = await run(runs, ['undo', 'library'], { ask: async () => 'n' });
    const undone = await run(runs, ['undo', 'library', '--yes']);

    expect(listed.out).toMatch(/^\S+Z {2}open {7}library\n$/);
    expect(JSON.parse(shown.out)).toMatchObject({ total: 2, states: { ready: 2 } });
    expect([kept.exitCode, kept.out]).toEqual([1, '']);
    expect(undone.out).toBe('0 cancelled, 2 deleted\n');
    expect(await service.ledger.claimActions(9, 60)).toHaveLength(2);
    await expect(run(pull, ['--from', 'library.csv', '--yes'])).rejects.toThrow(
      'was undone: give another name',
    );
  });

  it('pauses what waits, also what is added, and resumes it', async () => {
    await write('library.csv', ['mediaUrl', url('a'), url('b')]);
    await run(pull, ['--from', 'library.csv', '--yes', '--no-wait']);

    const paused = await run(runs, ['pause', 'library']);
    await write('library.csv', ['mediaUrl', url('a'), url('b'), url('c')]);
    const added = await run(pull, ['--from', 'library.csv', '--yes', '--no-wait']);
    const fetched = await service.fetchQueued();
    const shown = await run(runs, ['show', 'library']);
    const resumed = await run(runs, ['resume', 'library']);

    expect([paused.exitCode, paused.out]).toEqual([0, '2 paused\n']);
    expect(added.exitCode).toBe(0);
    expect(fetched).toEqual([]);
    expect(shown.out).toMatch(
      /run "library" \(paused\): 3 items, 0 bytes, paused: .*\n {2}waiting +3/,
    );
    expect(added.out).toContain(
      'is paused: what is added waits until "vod-upload runs resume library".',
    );
    expect([resumed.exitCode, resumed.out]).toEqual([0, '3 resumed\n']);
    expect(await service.fetchQueued()).toHaveLength(3);
  });

  it('finds what to do, and the name, among options', async () => {
    await write('library.csv', ['mediaUrl', url('a')]);
    await run(pull, ['--from', 'library.csv', '--yes', '--no-wait', '--run=-library']);

    expect((await run(runs, ['--json', 'list'])).out).toContain('"name":"-library"');
    const shown = await run(runs, ['show', '--json', '--', '-library']);
    expect(JSON.parse(shown.out)).toMatchObject({ total: 1 });
  });

  it('cancels what is under way', async () => {
    await write('library.csv', ['mediaUrl', url('a'), url('b')]);
    await run(pull, ['--from', 'library.csv', '--yes', '--no-wait']);

    expect((await run(runs, ['cancel', 'library', '--yes'])).out).toBe('2 cancelled\n');
    expect(await service.fetchQueued()).toEqual([]);
    expect((await run(runs, ['show', 'library'])).out).toMatch(
      /run "library" \(cancelled\): 2 items.*\n {2}cancelled +2/,
    );
  });

  it('refuses what it does not know', async () => {
    await expect(run(runs, ['shw', 'a'])).rejects.toThrow('Did you mean "show"');
    await expect(run(runs, ['show'])).rejects.toThrow('show needs the name of a run');
    await expect(run(runs, ['show', 'a', 'b'])).rejects.toThrow('Only one run can be named');
    await expect(run(runs, ['list', 'a'])).rejects.toThrow('list has no arguments, only options');
    await expect(run(runs, ['--json'])).rejects.toThrow('must be one of list, show, pause');
    await expect(run(runs, ['show', 'none'])).rejects.toThrow('You have no run of this name');
  });
});
