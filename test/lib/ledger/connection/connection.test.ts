import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createConnection } from '../../../../lib/ledger/connection/connection.ts';
import { openLedger } from '../../../../lib/ledger/ledger.ts';
import { openProxy } from '../../../support/database-proxy.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

let time: number;
const database = useLedger({ clock: { now: () => time } });
const { ledger, sql, open } = database;

beforeEach(() => {
  time = Date.now();
});

const killOthers = () => sql`
  select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;
const countOthers = async () => {
  const rows = await sql`select from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`;
  return rows.length;
};
const save = (uploadId: string) => ledger.issueUpload({ uploadId, method: 'client', owner: 'ann' });

describe('openLedger()', () => {
  it('connects at the first query, once', async () => {
    expect(await countOthers()).toBe(0);
    await Promise.all(Array.from({ length: 20 }, (_, i) => save(`u${i}`)));
    expect(await countOthers()).toBe(1);
  });

  it('replaces a connection that was closed unnoticed', async () => {
    await save('u1');
    await killOthers();
    expect(await ledger.findUpload('u1')).toMatchObject({ uploadId: 'u1' });

    await killOthers();
    const found = await Promise.all(Array.from({ length: 20 }, () => ledger.findUpload('u1')));
    expect(found.filter((upload) => upload?.uploadId === 'u1')).toHaveLength(20);
  });

  it('opens a new connection after a freeze without waiting for the old one', async () => {
    const proxy = await openProxy(new URL(database.url));
    const frozen = open({ url: proxy.url });
    await frozen.findUpload('u1');
    proxy.mute();
    time += 3_600_000;

    expect(await frozen.findUpload('u1')).toBeUndefined();
    await frozen.close();
    await proxy.close();
  });

  it('attempts work that others undo for no longer than twice the time of one attempt', async () => {
    const { run, close } = createConnection({
      ...{ databaseUrl: database.url, clock: { now: () => time }, answerMilliseconds: 1_000 },
    });
    let attempts = 0;

    const work = run(async (statements) => {
      attempts += 1;
      await statements.unsafe('select pg_sleep(0.6)');
      await statements.unsafe(`do $$ begin raise sqlstate '40001'; end $$`);
    });

    await expect(work).rejects.toThrow();
    expect(attempts).toBeLessThan(5);
    await close();
  });

  it('replaces a connection that does not answer', async () => {
    const proxy = await openProxy(new URL(database.url));
    const options = {
      clock: { now: () => time },
      random: { key: randomUUID },
      answerMilliseconds: 1_500,
    };
    const deaf = openLedger(proxy.url, options);
    await deaf.findUpload('u1');
    proxy.mute();

    expect(await deaf.findUpload('u1')).toBeUndefined();
    await deaf.close();
    await proxy.close();
  });

  it('recognizes its own work after a lost answer', async () => {
    const proxy = await openProxy(new URL(database.url));
    const targets = [{ id: 'https://a.example', events: ['vod.*', 'upload.ready'] }];
    const cut = open({ url: proxy.url, targets });
    const event = (eventId: string) =>
      eventOf([{ key: { uploadId: eventId }, fact: 'uploaded' }], { eventId });
    const request = { owner: 'ann', fingerprint: 'f', uploadId: 'u1' };
    // The first call of each kind is prepared and answered in two parts, the second in one.
    await cut.recordEvent(event('e1'));
    await cut.rememberRequest({ ...request, key: 'k1' });

    proxy.dropNextAnswer();
    const recorded = await cut.recordEvent(event('e2'));
    await cut.rememberRequest({ ...request, key: 'k2' });
    proxy.dropNextAnswer();
    const remembered = await cut.rememberRequest({ ...request, key: 'k3' });

    expect(recorded).toMatchObject({
      fresh: true,
      uploads: [{ uploadId: 'e2' }],
      announced: ['evt_e2_ready'],
      deliveries: 2,
    });
    expect(remembered.kind).toBe('new');
    expect((await ledger.readBacklog()).deliveries.count).toBe(4);
    await cut.close();
    await proxy.close();
  });

  it('returns the same result if the first answer was lost', async () => {
    const proxy = await openProxy(new URL(database.url));
    const targets = [{ id: 'https://a.example', events: ['vod.*'] }];
    const cut = open({ url: proxy.url, targets });
    // What is already prepared is answered in one part.
    const twice = async <Result>(work: (i: number) => Promise<Result>) => {
      await work(1);
      proxy.dropNextAnswer();
      return work(2);
    };
    const pull = (i: number) => ({ uploadId: `p${i}`, owner: 'ann', request: {} });
    const actions = [1, 2].map((i) => ({ fileId: `f${i}`, kind: 'delete' }));
    await cut.recordEvents(actions.map((action) => eventOf([], { actions: [action] })));

    expect(await twice((i) => cut.enqueuePulls([pull(i)]))).toBe(1);
    const pulls = await cut.claimPulls(2, 60);
    const claim = (i: number) => pulls[i - 1] ?? expect.fail('Both were claimed.');
    expect(await twice((i) => cut.finishPull(claim(i), `t${i}`))).toBe(true);
    await cut.enqueuePulls([pull(3), pull(4)]);
    const others = await cut.claimPulls(2, 60);
    expect(
      await twice((i) => cut.failPull(others[i - 1] ?? expect.fail('Claimed.'), { code: 'no' })),
    ).toBe(true);
    const deliveries = await cut.claimDeliveries(2, 60, 2);
    expect(
      await twice((i) => cut.finishDelivery(deliveries[i - 1] ?? expect.fail('Claimed.'))),
    ).toBe(true);
    const claimed = await cut.claimActions(2, 60);
    expect(await twice((i) => cut.finishAction(claimed[i - 1] ?? expect.fail('Claimed.')))).toBe(
      true,
    );
    const raw = { eventId: 'k', raw: {}, receivedAt: time };
    expect(await twice((i) => cut.storePendingConfirmation({ ...raw, eventId: `k${i}` }))).toBe(
      true,
    );
    expect(await twice((i) => cut.acquireLease(`l${i}`, 60))).toBe(true);
    await cut.close();
    await proxy.close();
  });

  it('fails with the error code if there is no database', async () => {
    const nowhere = openLedger('postgres://u:p@127.0.0.1:1/none', {
      clock: { now: () => time },
      random: { key: randomUUID },
    });
    await expect(nowhere.findUpload('u1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await nowhere.close();
  });
});

describe('transact()', () => {
  const insert = `insert into requests values ('ann', $1, 'f', 'u', now(), 'r')`;

  it.each([
    ['immediately', async () => undefined],
    ['once the loss is known', () => new Promise((known) => setTimeout(known, 50))],
  ])('repeats work after its connection was lost, and continues %s', async (_when, pause) => {
    const connection = createConnection({ databaseUrl: database.url, clock: { now: () => time } });
    for (let round = 0; round < 10; round += 1) {
      let tries = 0;
      await connection.transact(async (sql) => {
        tries += 1;
        await sql.unsafe(insert, [`k${round}-${tries}`], { prepare: true });
        if (tries === 1) {
          await killOthers();
          await pause();
        }
        await sql.unsafe('select $1::text', ['x'], { prepare: true });
      });
      expect(tries).toBe(2);
    }

    const rows = await sql`select key from requests order by key`;
    expect(rows.map(({ key }) => key)).toEqual(Array.from({ length: 10 }, (_, i) => `k${i}-2`));
    await connection.close();
  });

  it('rolls back work that fails, and throws its error', async () => {
    const connection = createConnection({ databaseUrl: database.url, clock: { now: () => time } });
    const failed = connection.transact(async (sql) => {
      await sql.unsafe(insert, ['k'], { prepare: true });
      throw new RangeError('no');
    });

    await expect(failed).rejects.toThrow(RangeError);
    expect(await sql`select key from requests`).toEqual([]);
    await connection.close();
  });
});

describe('run()', () => {
  it('does not repeat what the database refused', async () => {
    const connection = createConnection({ databaseUrl: database.url, clock: { now: () => time } });
    let tries = 0;
    const refused = connection.run((sql) => {
      tries += 1;
      return sql.unsafe('select 1 / 0');
    });
    await expect(refused).rejects.toMatchObject({ code: '22012' });
    expect(tries).toBe(1);
    await connection.close();
  });
});
