import { randomUUID } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Ledger, openLedger } from '../../../../lib/ledger/ledger.ts';
import { applyMigrations } from '../../../../lib/ledger/schema/migrate.ts';
import { discardLocalDatabase, openLocalDatabase } from '../../../../tools/local/database.ts';
import { SCRATCH_FLAGS } from '../../../support/database-server.ts';
import { makeFolder } from '../../../support/make-folder.ts';

const ALL = { types: ['*'], limit: 100 };

/** Runs `work` with a ledger on the server of `folder`, which stops afterwards. */
async function withServer<Result>(
  folder: string,
  flags: readonly string[],
  work: (ledger: Ledger, data: string) => Promise<Result>,
): Promise<Result> {
  const server = await openLocalDatabase(folder, { databaseUrl: '', flags });
  try {
    await applyMigrations(server.url);
    const ledger = openLedger(server.url, { clock: Date, random: { key: randomUUID } });
    const result = await work(ledger, server.folder ?? '');
    await ledger.close();
    return result;
  } finally {
    await server.close();
  }
}

const issue = (ledger: Ledger, uploadId: string) =>
  ledger.issueUpload({ uploadId, method: 'client', owner: 'ann' });

it('refuses cursors of before a failover, since the numbers of lost transactions are given to others', async () => {
  const folder = await makeFolder();
  await chmod(folder, 0o755);
  const before = await withServer(folder, SCRATCH_FLAGS, async (ledger, data) => {
    const { cursor } = await (await ledger.feed()).readFeed({ ...ALL, after: undefined });
    await issue(ledger, 'u1');
    // The server recovers when it is started next, without an archive, and so begins a timeline, as a standby that takes over.
    await writeFile(join(data, 'recovery.signal'), '');
    return cursor;
  });

  const flags = [...SCRATCH_FLAGS, '-c', 'restore_command=false'];
  await withServer(folder, flags, async (ledger) => {
    await expect((await ledger.feed()).readFeed({ ...ALL, after: before })).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'after', message: expect.stringContaining('begin without it') }],
    });
    const { cursor } = await (await ledger.feed()).readFeed({ ...ALL, after: undefined });
    await issue(ledger, 'u2');
    const { items } = await (await ledger.feed()).readFeed({ ...ALL, after: cursor });
    expect(items.map(({ event }) => event.eventId)).toEqual(['evt_u2_issued']);
  });
  await discardLocalDatabase(folder);
});
