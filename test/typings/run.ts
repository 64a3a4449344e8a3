import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readVodTypes } from './vod-types.ts';

const FIXTURE = new URL('../fixtures/vod-types.json', import.meta.url);

/** The SDK of all products: its typings are sometimes newer than those of the SDK of VOD alone. */
const NAME = 'tencentcloud-sdk-nodejs';
const TYPINGS = 'package/tencentcloud/services/vod/v20180717/vod_models.d.ts';

const run = promisify(execFile);
const say = (text: string) => process.stdout.write(`${text}\n`);

async function findNewest(name: string): Promise<string> {
  const { stdout } = await run('npm', ['view', name, 'version']);
  return stdout.trim();
}

async function readTypings(version: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vod-typings-'));
  try {
    const { stdout } = await run('npm', ['pack', `${NAME}@${version}`, '--json'], { cwd: folder });
    const [{ filename }] = JSON.parse(stdout);
    await run('tar', ['xzf', filename, TYPINGS], { cwd: folder });
    return await readFile(join(folder, TYPINGS), 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}

const version = await findNewest(NAME);
const types = readVodTypes(await readTypings(version));
await writeFile(FIXTURE, `${JSON.stringify({ package: NAME, version, ...types }, null, 2)}\n`);
say(`test/fixtures/vod-types.json has the types of ${NAME} ${version}.`);

const own = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
const installed: string = own.dependencies[`${NAME}-vod`];
const newest = await findNewest(`${NAME}-vod`);
say(
  installed === newest
    ? `${NAME}-vod ${installed} is the newest.`
    : `${NAME}-vod ${newest} is newer than ${installed}, which is installed.`,
);
say('"npx vitest run --project unit test/lib/vod/vod-types.test.ts" names what the tables lack.');
