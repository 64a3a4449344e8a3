import { describe, expect, it } from 'vitest';
import type { FeedPage, FeedQuery } from '../../../../lib/ledger/deliveries/feed.ts';
import { writeCursor } from '../../../../lib/ledger/page.ts';
import { applyMigrations } from '../../../../lib/ledger/schema/migrate.ts';
import { settleFeed } from '../../../support/settle-feed.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const database = useLedger();
const { ledger, sql } = database;

const ALL: Omit<FeedQuery, 'after'> = { types: ['*'], limit: 100 };
const namesOf = ({ items }: FeedPage) => items.map(({ event }) => event.eventId);
const findEnd = async () => {
  await settleFeed(sql);
  return (await (await ledger.feed()).readFeed({ ...ALL, after: undefined })).cursor;
};
/** Reads what is recorded already. */
const read = async (criteria: FeedQuery) => {
  await settleFeed(sql);
  return (await ledger.feed()).readFeed(criteria);
};
const issue = (uploadId: string, owner = 'ann') =>
  ledger.issueUpload({ uploadId, method: 'client', owner });

/** Reads all that follows `after`, page by page, as one who listens does. */
async function readOn(after: string, query = ALL) {
  const names: string[] = [];
  for (let cursor = after; ; ) {
    const page = await (await ledger.feed()).readFeed({ ...query, after: cursor });
    names.push(...namesOf(page));
    cursor = page.cursor;
    if (!page.more) return { names, cursor };
  }
}

/** The same for all that is recorded already. */
async function readSettled(after: string, query = ALL) {
  await settleFeed(sql);
  return readOn(after, query);
}

/** Opens a transaction that records an event, and returns the function that commits it. */
function recordSlowly(eventId: string): Promise<() => Promise<unknown>> {
  return new Promise((resolve, reject) => {
    const transaction = sql.begin(async (statements) => {
      await statements`
        insert into events (event_id, event_type, payload, confirmed, received_at, recorded_by)
        values (${eventId}, 'vod.NewFileUpload', '{}', true, now(), 'test')`;
      await new Promise<void>((commit) => {
        resolve(() => {
          commit();
          return transaction;
        });
      });
    });
    transaction.catch(reject);
  });
}

describe('readFeed()', () => {
  it('begins at the present, and returns what is recorded after that, once and in order', async () => {
    await issue('before');
    const start = await findEnd();
    await issue('u1');
    await ledger.recordEvent(eventOf([], { eventId: 'vod-1', payload: { FileId: 'f' } }));
    await ledger.transition('u1', 'cancelled');

    const page = await read({ ...ALL, after: start });

    expect(namesOf(page)).toEqual(['evt_u1_issued', 'vod-1', 'evt_u1_cancelled']);
    expect(page.items).toMatchObject([
      { event: { kind: 'upload', upload: { uploadId: 'u1', owner: 'ann', state: 'issued' } } },
      { event: { kind: 'vod', payload: { FileId: 'f' } } },
      { event: { kind: 'upload', eventType: 'upload.cancelled' } },
    ]);
    expect(page.more).toBe(false);
    expect(await read({ ...ALL, after: page.cursor })).toMatchObject({ items: [] });
  });

  it('continues after any of its items', async () => {
    const start = await findEnd();
    for (const name of ['u1', 'u2', 'u3']) await issue(name);
    const [first] = (await read({ ...ALL, after: start })).items;

    const rest = await read({ ...ALL, after: first?.cursor });

    expect(namesOf(rest)).toEqual(['evt_u2_issued', 'evt_u3_issued']);
  });

  it('skips no event of a transaction that commits after a later one', async () => {
    const start = await findEnd();
    const commitEarly = await recordSlowly('early');
    const commitLate = await recordSlowly('late');
    await commitLate();

    const meanwhile = await readOn(start);
    await commitEarly();
    const after = await readSettled(meanwhile.cursor);

    expect(meanwhile.names).toEqual([]);
    expect(after.names).toEqual(['early', 'late']);
  });

  it('loses and doubles nothing while several write', async () => {
    const start = await findEnd();
    const writers = [1, 2, 3, 4].map((writer) => ({ writer, each: database.open() }));
    let isWriting = true;
    const writing = Promise.all(
      writers.map(async ({ writer, each }) => {
        for (let i = 0; i < 40; i += 1) {
          const events = [0, 1, 2].map((n) => eventOf([], { eventId: `e-${writer}-${i}-${n}` }));
          await each.recordEvents(events);
        }
      }),
    ).finally(() => {
      isWriting = false;
    });
    const seen: string[] = [];
    let cursor = start;
    const readSome = async () => {
      const some = await readOn(cursor, { ...ALL, limit: 7 });
      seen.push(...some.names);
      cursor = some.cursor;
    };
    while (isWriting) await readSome();
    await writing;
    await settleFeed(sql);
    await readSome();

    expect(seen).toHaveLength(480);
    expect(new Set(seen).size).toBe(480);
  });

  it('returns pages of the given size, and between them the events of one transaction', async () => {
    const start = await findEnd();
    await ledger.recordEvents(['a', 'b', 'c', 'd'].map((eventId) => eventOf([], { eventId })));

    const first = await read({ ...ALL, limit: 3, after: start });
    const second = await read({ ...ALL, limit: 3, after: first.cursor });

    expect([first, second].map(namesOf)).toEqual([['a', 'b', 'c'], ['d']]);
    expect([first.more, second.more]).toEqual([true, false]);
  });

  it('reads a thousand events at most, and continues after those that it passed by', async () => {
    const start = await findEnd();
    await sql`
      insert into events (event_id, event_type, payload, confirmed, received_at, recorded_by)
      select 'e' || lpad(i::text, 5, '0'), 'vod.NewFileUpload', '{}', true, now(), 'test'
      from generate_series(1, 1500) i`;
    await issue('u1');
    const uploads = { ...ALL, types: ['upload.*'] };

    const first = await read({ ...uploads, after: start });
    const second = await read({ ...uploads, after: first.cursor });

    expect(first).toMatchObject({ items: [], more: true });
    expect(namesOf(second)).toEqual(['evt_u1_issued']);
  });

  it('returns no more than some megabytes, but always one event', async () => {
    const start = await findEnd();
    // Hardly compressible, as the tokens in VOD's URLs are.
    const text = Array.from({ length: 60_000 }, () => Math.random().toString(36)).join('');
    for (const eventId of ['a', 'b', 'c']) {
      await ledger.recordEvent(eventOf([], { eventId, payload: { text: text + text } }));
    }

    const first = await read({ ...ALL, after: start });

    expect(namesOf(first)).toEqual(['a']);
    expect((await readSettled(start)).names).toEqual(['a', 'b', 'c']);
  });

  it('selects types by patterns, as endpoints do', async () => {
    const start = await findEnd();
    await issue('u1');
    await ledger.recordEvent(eventOf([], { eventId: 'vod-1', eventType: 'vod.FileDeleted' }));
    await ledger.transition('u1', 'cancelled');
    const readTypes = async (...types: string[]) =>
      (await readSettled(start, { ...ALL, types })).names;

    expect(await readTypes('upload.c*', 'vod.*')).toEqual(['vod-1', 'evt_u1_cancelled']);
    expect(await readTypes('upload.issued')).toEqual(['evt_u1_issued']);
    expect(await readTypes('vod.File')).toEqual([]);
  });

  it('shows an owner its own uploads in one application, and no event of VOD', async () => {
    const start = await findEnd();
    const record = (uploadId: string, owner: string, subAppId: number) =>
      ledger.issueUpload({ uploadId, method: 'client', owner, fields: { subAppId } });
    await record('u1', 'ann', 7);
    await record('u2', 'ann', 8);
    await record('u3', 'bob', 7);
    await ledger.recordEvent(
      eventOf(
        [{ key: { uploadId: 'u1' }, fact: 'uploaded', fields: { fileId: 'f', subAppId: 7 } }],
        {
          ...{ eventId: 'vod-1', fileId: 'f', subAppId: 7 },
        },
      ),
    );
    const readOwn = async (scope: { owner: string; subAppId?: number }) =>
      (await readSettled(start, { ...ALL, ...scope })).names;

    expect(await readOwn({ owner: 'ann' })).toEqual([
      ...['evt_u1_issued', 'evt_u2_issued', 'evt_u1_ready'],
    ]);
    expect(await readOwn({ owner: 'ann', subAppId: 7 })).toEqual(['evt_u1_issued', 'evt_u1_ready']);
    expect(await readOwn({ owner: 'carol' })).toEqual([]);
  });

  it('leaves out what was pruned, and what was recorded before there was an order', async () => {
    const start = await findEnd();
    await issue('u1');
    await issue('u2');
    await issue('u3');
    await sql`update events set payload = '{}', pruned = true where upload_id = 'u1'`;
    await sql`update events set recorded_in = null where upload_id = 'u2'`;

    expect((await readSettled(start)).names).toEqual(['evt_u3_issued']);
  });

  it('repeats no event of a dump that was restored here, once the migrations have run', async () => {
    const start = await findEnd();
    // More than one step of the migrations, and ahead of what other test files do meanwhile.
    await sql`
      insert into events (event_id, event_type, payload, confirmed, received_at, recorded_by, recorded_in)
      select 'dump-' || i, 'vod.NewFileUpload', '{}', true, now(), 'test',
        (pg_current_xact_id()::text::bigint + 500 + i / 60)::text::xid8
      from generate_series(1, 6000) i`;
    await issue('u1');
    const progress: string[] = [];

    await applyMigrations(database.url, { onProgress: (text) => progress.push(text) });
    await applyMigrations(database.url, { onProgress: (text) => progress.push(text) });
    for (let i = 0; i < 700; i += 1) await sql`select pg_current_xact_id()`;
    await issue('u2');

    const { names } = await readSettled(start);
    expect(names).toEqual(['evt_u1_issued', 'evt_u2_issued']);
    expect(progress).toEqual([
      '6000 messages of another server are no longer in the feed: listeners must begin again, without a cursor',
    ]);
  });

  it('refuses a cursor of another database, or of another list', async () => {
    const [, , timeline] = JSON.parse(Buffer.from(await findEnd(), 'base64url').toString());
    const ahead = writeCursor([2 ** 40, 'x', timeline]);
    const ofOtherList = writeCursor([1, 'x']);
    for (const after of [ahead, 'canary', ofOtherList]) {
      await expect((await ledger.feed()).readFeed({ ...ALL, after })).rejects.toMatchObject({
        ...{ name: 'Problem', code: 'invalid_request', errors: [{ path: 'after' }] },
      });
    }
  });
});

describe('readFeed() of a role that may not read the place in the log', () => {
  it('continues all the same', async () => {
    const start = await findEnd();
    const url = new URL(database.url);
    const role = `reader_${url.pathname.slice(6)}`;
    await sql.unsafe(`create role ${role} login password 'x'`);
    await sql.unsafe(`grant select on all tables in schema public to ${role}`);
    await sql.unsafe('revoke execute on function pg_current_wal_lsn() from public');
    Object.assign(url, { username: role, password: 'x' });
    const reader = database.open({ url: url.href });
    await issue('u1');
    await settleFeed(sql);

    const first = await (await reader.feed()).readFeed({ ...ALL, after: start });
    expect(namesOf(first)).toEqual(['evt_u1_issued']);
    expect(await (await reader.feed()).readFeed({ ...ALL, after: first.cursor })).toMatchObject({
      items: [],
    });

    await reader.close();
    await sql.unsafe('grant execute on function pg_current_wal_lsn() to public');
    await sql.unsafe(`drop owned by ${role}`);
    await sql.unsafe(`drop role ${role}`);
  });
});

describe('findMessage()', () => {
  it('returns an event by its id, to those who may see it', async () => {
    await issue('u1');
    await ledger.recordEvent(eventOf([], { eventId: 'vod-1' }));

    expect(await (await ledger.feed()).findMessage('evt_u1_issued', {})).toMatchObject({
      kind: 'upload',
    });
    expect(await (await ledger.feed()).findMessage('vod-1', {})).toMatchObject({ kind: 'vod' });
    expect(
      await (await ledger.feed()).findMessage('evt_u1_issued', { owner: 'ann' }),
    ).toMatchObject({
      upload: { uploadId: 'u1' },
    });
    expect(
      await (await ledger.feed()).findMessage('evt_u1_issued', { owner: 'bob' }),
    ).toBeUndefined();
    expect(await (await ledger.feed()).findMessage('vod-1', { owner: 'ann' })).toBeUndefined();
    expect(await (await ledger.feed()).findMessage('none', {})).toBeUndefined();
  });

  it('does not return one that was pruned', async () => {
    await issue('u1');
    await sql`update events set payload = '{}', pruned = true where upload_id = 'u1'`;

    expect(await (await ledger.feed()).findMessage('evt_u1_issued', {})).toBeUndefined();
  });
});
