import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createPresign } from '../../../tools/pull/presign.ts';
import { isAlive } from '../../support/is-alive.ts';
import { makeFolder } from '../../support/make-folder.ts';

const URL_OF_FILM = 'https://media.example.com/film.mp4?sign=1';

async function prepare(script: string) {
  const folder = await makeFolder();
  await writeFile(join(folder, 'sign.sh'), script);
  return folder;
}

async function ask(script: string, { seconds = 20, environment = {} } = {}) {
  const folder = await prepare(script);
  const ending = new AbortController();
  const presign = createPresign('exec sh ./sign.sh', {
    ...{ folder, seconds, signal: ending.signal },
    environment: { PATH: process.env['PATH'], ...environment },
  });
  return { folder, answer: await presign({ id: 'film' }) };
}

/** Waits until a process is no more; the test's own time limit ends this. */
async function waitForEnd(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(10);
}

async function readPid(folder: string): Promise<number> {
  const file = join(folder, 'pid');
  while (!existsSync(file) || (await readFile(file, 'utf8')) === '') await sleep(10);
  return Number(await readFile(file, 'utf8'));
}

/** Begins a process of its own, which is still there when the command is ended. */
const WITH_CHILD = 'sleep 600 &\necho $! > pid.part && mv pid.part pid\nwait\n';

describe('createPresign()', () => {
  it('gives what the command writes', async () => {
    const { answer } = await ask(`read line\necho "${URL_OF_FILM}"\n`);

    expect(answer).toEqual({ url: URL_OF_FILM });
  });

  it('ends a command that takes too long, with its children', async () => {
    const { folder, answer } = await ask(WITH_CHILD, { seconds: 0.5 });

    expect(answer).toEqual({ reason: 'the command of --presign gave no URL within 0.5 seconds' });
    await waitForEnd(await readPid(folder));
  });

  it('ends the command with its children when the program is ended', async () => {
    const folder = await prepare(WITH_CHILD);
    const ending = new AbortController();
    const presign = createPresign('exec sh ./sign.sh', {
      ...{ folder, seconds: 500, signal: ending.signal, environment: process.env },
    });

    const asked = presign({ id: 'film' });
    const pid = await readPid(folder);
    ending.abort(new Error('It was interrupted.'));

    await expect(asked).rejects.toThrow('It was interrupted.');
    await waitForEnd(pid);
    await expect(presign({ id: 'film' })).rejects.toThrow('It was interrupted.');
  });

  it.each([
    ['echo no such key >&2\nexit 3', 'ended with exit code 3: no such key'],
    ['exit 4', 'ended with exit code 4'],
    ['kill -TERM $$', 'was ended by SIGTERM'],
    ['true', 'wrote no URL'],
    ['echo film.mp4', 'wrote no URL'],
    ['yes | head -c 200000', 'wrote more than 65536 bytes'],
    ['printf "\\n\\n  first\\nsecond\\n" >&2; exit 1', 'ended with exit code 1: first'],
    ['printf "\\033[31mred" >&2; exit 1', 'ended with exit code 1: \ufffd[31mred'],
  ])('says why %j gave none', async (script, reason) => {
    const { answer } = await ask(`${script}\n`);

    expect(answer).toEqual({ reason: `the command of --presign ${reason}` });
  });

  it.each([
    ['cannot sign https://user:canary@media.example.com/a.mp4?sign=canary now'],
    ['AWS_SECRET_ACCESS_KEY=canary is wrong'],
    ['authorization: Bearer canary'],
    ['"password": "canary"'],
    ['the key canary-of-the-environment is not known'],
    ['the token eyJhbGciOiJIUzI1NiIsInR5cCI6canary.eyJzdWIiOiIx is old'],
  ])('shows no secret of %j', async (line) => {
    const { answer } = await ask(`cat >&2 <<'END'\n${line}\nEND\nexit 1\n`, {
      environment: { STORAGE_SECRET: 'canary-of-the-environment' },
    });

    expect(Object.keys(answer)).toEqual(['reason']);
    expect(JSON.stringify(answer)).toContain('ended with exit code 1: ');
    expect(JSON.stringify(answer)).not.toContain('canary');
  });
});
