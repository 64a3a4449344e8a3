import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discardLocalDatabase, openLocalDatabase } from '../../../tools/local/database.ts';
import { LOCAL_KEYS_FILE } from '../../../tools/local/local-keys.ts';
import {
  discardState,
  type LocalStack,
  startLocalStack,
} from '../../../tools/local/local-stack.ts';
import { makeFolder } from '../../support/make-folder.ts';

let dir: string;
const stacks: LocalStack[] = [];

beforeEach(async () => {
  dir = await makeFolder();
});

afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.close();
  for (const kept of ['', 'a', 'left', 'right']) await discardLocalDatabase(join(dir, kept));
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

/** Creates an upload in the ledger through the signature function. */
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

describe('the database of a stack', () => {
  it('contains what the functions wrote, also after a restart', async () => {
    // Only this user has access, as below root's home folder.
    await chmod(dir, 0o700);
    const first = await start('a');
    const uploadId = await sign(first);
    expect(await idsIn(first.databaseUrl)).toEqual([uploadId]);
    await stacks.pop()?.close();

    const second = await start('a');

    expect(await idsIn(second.databaseUrl)).toEqual([uploadId]);
    expect(second.databaseFolder).toBe(first.databaseFolder);
  });

  it('is separate for each of two running stacks', async () => {
    await chmod(dir, 0o755);
    const [left, right] = [await start('left'), await start('right')];
    const uploadId = await sign(left);

    expect(await idsIn(left.databaseUrl)).toEqual([uploadId]);
    expect(await idsIn(right.databaseUrl)).toEqual([]);
  });

  it('stops with the stack, and its data stay', async () => {
    await chmod(dir, 0o755);
    const { databaseUrl, databaseFolder = '' } = await start('a');
    await stacks.pop()?.close();

    await expect(ask(databaseUrl, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(databaseFolder).toBe(join(dir, 'a', 'postgres'));
    expect((await stat(join(databaseFolder, 'PG_VERSION'))).isFile()).toBe(true);
  });

  it('starts empty on request', async () => {
    const first = await start('a');
    await sign(first);
    await stacks.pop()?.close();

    const second = await startLocalStack({ dir: join(dir, 'a'), port: 0, fresh: true });
    stacks.push(second);

    expect(await idsIn(second.databaseUrl)).toEqual([]);
  });

  it('does not change if the port is taken, even if an empty one was requested', async () => {
    const first = await start('a');
    const uploadId = await sign(first);
    const port = Number(new URL(first.origin).port);

    const second = startLocalStack({ dir: join(dir, 'a'), port, fresh: true });

    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(await idsIn(first.databaseUrl)).toEqual([uploadId]);
  });
});

describe('openLocalDatabase()', () => {
  it.each(['with spaces and 한국어', 'x'.repeat(150)])('works in a folder %s', async (name) => {
    await chmod(dir, 0o755);
    const first = await openLocalDatabase(join(dir, name));
    // A second process finds the server by the files in the folder.
    const second = await openLocalDatabase(join(dir, name));

    expect(second.url).toBe(first.url);
    expect(await ask(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await second.close();
  });

  it('has its own password, also for data that were created with another one', async () => {
    await chmod(dir, 0o755);
    const first = await openLocalDatabase(dir);
    await ask(first.url, 'create table kept (n int)');
    await first.close();
    await rm(join(dir, LOCAL_KEYS_FILE));

    const second = await openLocalDatabase(dir);

    const { password: before } = new URL(first.url);
    const { password } = new URL(second.url);
    expect(password).toMatch(/^local-example-[0-9a-f]{32}$/);
    expect(password).not.toBe(before);
    expect(await ask(second.url, 'select n from kept')).toEqual([]);
    const url = new URL(second.url);
    for (const known of [before, 'local-example', 'postgres', '']) {
      url.password = known;
      await expect(ask(url.href, 'select 1')).rejects.toThrow(/password/i);
    }
    await second.close();
  });

  it('ignores variables for other servers', async () => {
    const variables = { PGDATA: '/none', PGPORT: '1', PGOPTIONS: '--none', PGHOST: '192.0.2.1' };
    Object.assign(process.env, variables);
    try {
      const { url, close } = await openLocalDatabase(dir);
      const [row] = await ask<{ port: string }>(url, 'select inet_server_port()::text as port');
      expect(row?.port).toBe(new URL(url).port);
      await close();
    } finally {
      for (const name of Object.keys(variables)) delete process.env[name];
    }
  });

  it('repairs what an interrupted start left behind', async () => {
    await mkdir(join(dir, 'postgres.new'));
    await writeFile(join(dir, 'postgres.new', 'PG_VERSION'), '18\n');
    await mkdir(join(dir, 'postgres'));

    const { url, close } = await openLocalDatabase(dir);

    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await close();
  });

  it("shows the server's message if it does not start", async () => {
    const failing = openLocalDatabase(dir, { flags: ['-c', 'no_such_setting=1'] });

    await expect(failing).rejects.toThrow(/PostgreSQL did not start on .*no_such_setting/);
    await expect(failing).rejects.toThrow(
      /[^.]\. LOCAL_DIR can name .* DATABASE_URL another server\.$/,
    );
  });
});

describe('discardState()', () => {
  it('removes what a stack stored, and nothing else', async () => {
    await mkdir(join(dir, 'vod'));
    await mkdir(join(dir, 'postgres'));
    await writeFile(join(dir, 'vod', 'state.json'), '{}');
    await writeFile(join(dir, 'mine.txt'), 'keep me');

    await discardState(dir);

    expect(await readdir(dir)).toEqual(['mine.txt']);
  });

  it.each([0o755, 0o700])(
    'stops a server that is still running, below a folder of mode %o',
    async (mode) => {
      await chmod(dir, mode);
      const { url, folder = '' } = await openLocalDatabase(dir);

      await discardState(dir);

      await expect(ask(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect(await readdir(dir)).toEqual([]);
      await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );
});
