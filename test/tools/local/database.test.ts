import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLocalDatabase } from '../../../tools/local/database.ts';
import {
  discardState,
  type LocalStack,
  startLocalStack,
} from '../../../tools/local/local-stack.ts';

let dir: string;
const stacks: LocalStack[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vod-upload-'));
});

afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(name: string): Promise<LocalStack> {
  const stack = await startLocalStack({ dir: join(dir, name), port: 0 });
  stacks.push(stack);
  return stack;
}

async function ask<Row>(url: string, statement: string): Promise<readonly Row[]> {
  const sql = postgres(url, { max: 1, fetch_types: false });
  try {
    return [...(await sql.unsafe<(Row & object)[]>(statement))];
  } finally {
    await sql.end();
  }
}

/** Has an upload put into the ledger by the signature function. */
async function sign({ origin }: LocalStack): Promise<string> {
  const post = async (path: string, body: unknown, token = '') => {
    const response = await fetch(`${origin}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Readonly<Record<string, string>>;
  };
  const { token } = await post('/__local/token', { sub: 'user-7' });
  return (await post('/signature', {}, token))['uploadId'] ?? '';
}

const idsIn = async (url: string) =>
  (await ask<{ upload_id: string }>(url, 'select upload_id from uploads')).map(
    (row) => row.upload_id,
  );

describe('the database of a stack', { timeout: 60_000 }, () => {
  it('has what the functions put there, and keeps it from one start to the next', async () => {
    // As a closed folder of root's own would be.
    await chmod(dir, 0o755);
    await mkdir(join(dir, 'a'), { mode: 0o700 });
    const first = await start('a');
    const uploadId = await sign(first);
    expect(await idsIn(first.databaseUrl)).toEqual([uploadId]);
    await stacks.pop()?.close();

    const second = await start('a');

    expect(await idsIn(second.databaseUrl)).toEqual([uploadId]);
  });

  it('is one of its own for each of two stacks side by side', async () => {
    await chmod(dir, 0o755);
    const [left, right] = [await start('left'), await start('right')];
    const uploadId = await sign(left);

    expect(await idsIn(left.databaseUrl)).toEqual([uploadId]);
    expect(await idsIn(right.databaseUrl)).toEqual([]);
  });

  it('is gone when the stack is, and its data stay', async () => {
    await chmod(dir, 0o755);
    const { databaseUrl } = await start('a');
    await stacks.pop()?.close();

    await expect(ask(databaseUrl, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect((await stat(join(dir, 'a', 'postgres', 'PG_VERSION'))).isFile()).toBe(true);
  });
});

describe('discardState()', () => {
  it('throws away what a stack kept, and nothing else', async () => {
    await mkdir(join(dir, 'vod'));
    await mkdir(join(dir, 'postgres'));
    await writeFile(join(dir, 'vod', 'state.json'), '{}');
    await writeFile(join(dir, 'mine.txt'), 'keep me');

    await discardState(dir);

    expect(await readdir(dir)).toEqual(['mine.txt']);
  });

  it('stops a server that was left running', async () => {
    await chmod(dir, 0o755);
    const { url } = await openLocalDatabase(dir);

    await discardState(dir);

    await expect(ask(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await readdir(dir)).toEqual([]);
  });
});
