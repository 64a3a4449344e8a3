import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startLocalStack } from '../../tools/local/local-stack.ts';
import { readList } from '../../tools/pull/read-list.ts';
import { surveyList } from '../../tools/pull/survey.ts';

const PROGRAM = fileURLToPath(new URL('../../tools/cli/vod-upload.mjs', import.meta.url));

/** Lines of the list that is only looked through, and of a short one beside it. */
const LINES = 100_000;
const FEW = 1_000;

/** What a list costs. */
export interface ListCost {
  /** Lines that are read and checked in a second, without looking at their sources. */
  readonly checkedPerSecond: number;
  /** Lines that the program queues in a second, its start included, in a local stack. */
  readonly queuedPerSecond: number;
  /** Most memory of the program, with few lines and with many that are looked through. */
  readonly residentMegabytes: readonly [few: number, many: number];
}

/** Lines that are made together: some 64 kB, as a file is read. */
const AT_ONCE = 1_000;

function* makeList(lines: number) {
  yield Buffer.from('id,mediaUrl,mediaName\n');
  for (let from = 0; from < lines; from += AT_ONCE) {
    const rows = Array.from({ length: Math.min(AT_ONCE, lines - from) }, (_, place) => {
      const id = from + place;
      return `source-${id},https://media.example.com/library/${id}.mp4,Film ${id}\n`;
    });
    yield Buffer.from(rows.join(''));
  }
}

/** Measures the command `pull`, whose `queued` pulls nobody sends. */
export async function measureLists(
  folder: string,
  databaseUrl: string,
  queued: number,
): Promise<ListCost> {
  const begun = performance.now();
  await surveyList(readList(makeList(LINES), { format: 'csv', map: new Map(), ignored: [] }), {
    ...{ lookAt: undefined, known: new Set<string>(), withoutUrls: false, now: Date.now() },
    ...{ onRefused: () => undefined, onProgress: () => undefined },
  });
  const checkedPerSecond = (LINES * 1_000) / (performance.now() - begun);

  const stack = await startLocalStack({ dir: join(folder, 'lists'), port: 0, databaseUrl });
  try {
    const run = await createRun(folder, stack.origin);
    const dry = ['--dry-run'];
    const few = await run(FEW, dry);
    const many = await run(LINES, dry);
    const { seconds } = await run(queued, ['--yes', '--no-wait']);
    return {
      ...{ checkedPerSecond, queuedPerSecond: queued / seconds },
      residentMegabytes: [few.megabytes, many.megabytes],
    };
  } finally {
    await stack.close();
  }
}

async function createRun(folder: string, origin: string) {
  const response = await fetch(`${origin}/__local/token`, {
    ...{ method: 'POST', headers: { origin }, body: JSON.stringify({ scope: 'upload:pull' }) },
  });
  const { token }: { readonly token: string } = JSON.parse(await response.text());
  return async (lines: number, args: readonly string[]) => {
    await writeFile(join(folder, `list-${lines}.csv`), makeList(lines));
    const begun = performance.now();
    const child = spawn(
      process.execPath,
      [PROGRAM, 'pull', '--from', `list-${lines}.csv`, '--no-look', ...args],
      {
        ...{ cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
        env: {
          ...{ PATH: process.env['PATH'] },
          ...{ VOD_UPLOAD_ENDPOINT: origin, VOD_UPLOAD_TOKEN: token },
        },
      },
    );
    const exited = once(child, 'exit');
    let megabytes = 0;
    while (child.exitCode === null) {
      megabytes = Math.max(megabytes, await readPeak(child.pid));
      await Promise.race([exited, sleep(20)]);
    }
    if (child.exitCode !== 0) throw new Error('A list was not queued.');
    return { seconds: (performance.now() - begun) / 1_000, megabytes };
  };
}

/** Returns the most memory of a process so far, in megabytes; 0 once it is gone. */
async function readPeak(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1_000;
}
