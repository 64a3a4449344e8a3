import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { QueuedPull } from '../../../../lib/ledger/jobs/pulls.ts';
import { until } from '../../../support/until.ts';
import { useLedger } from '../../../support/use-ledger.ts';

const START = Date.UTC(2026, 0, 1);
let time: number;
const stage = useLedger({ clock: { now: () => time } });
const { ledger, open } = stage;

beforeEach(() => {
  time = START;
});

const pull = (i: number): QueuedPull => ({
  uploadId: `u${i}`,
  owner: 'ann',
  request: { mediaUrl: `https://media.example/${i}.mp4` },
  fields: { name: `${i}.mp4` },
});
const pulls = (count: number) => Array.from({ length: count }, (_, i) => pull(i));

describe('enqueuePulls()', () => {
  it('issues an upload for each new pull and skips known ones', async () => {
    expect(await ledger.enqueuePulls(pulls(700))).toBe(700);
    expect(await ledger.enqueuePulls(pulls(1_200))).toBe(500);
    expect(await ledger.findUpload('u1')).toMatchObject({
      method: 'pull',
      state: 'issued',
      owner: 'ann',
      name: '1.mp4',
    });
    expect((await ledger.readBacklog()).pulls).toEqual({ count: 1_200, oldestAt: START });
  });

  it('does not queue a finished pull again', async () => {
    await ledger.enqueuePulls(pulls(1));
    const [claim] = await ledger.claimPulls(1, 60);
    if (claim !== undefined) await ledger.finishPull(claim, 'task');

    expect(await ledger.enqueuePulls(pulls(1))).toBe(0);
    expect(await ledger.claimPulls(1, 60)).toEqual([]);
  });

  it('queues an issued upload once, and no cancelled one', async () => {
    const issue = (uploadId: string) =>
      ledger.issueUpload({ uploadId, method: 'pull', owner: 'ann', fields: {} });
    await issue('u0');
    await issue('u1');
    await ledger.transition('u1', 'cancelled');

    expect(await ledger.enqueuePulls(pulls(2))).toBe(0);
    expect(await ledger.enqueuePulls(pulls(2))).toBe(0);
    expect(await ledger.claimPulls(9, 60)).toMatchObject([
      { uploadId: 'u0', request: { mediaUrl: 'https://media.example/0.mp4' } },
    ]);
  });

  it('reads no table completely, even if it was empty when its plan was made', async () => {
    const { sql } = stage;
    const tables = ['uploads', 'pulls', 'events', 'deliveries'];
    for (const table of tables) {
      // Otherwise new statistics, and with them new plans, could arrive during the test.
      await sql.unsafe(`alter table ${table} set (autovacuum_enabled = false)`);
      await sql.unsafe(`analyze ${table}`);
    }
    const targets = [{ id: 'all', events: ['*'] }];
    const own = open({ targets });

    expect(await own.enqueuePulls(pulls(3_000))).toBe(3_000);
    await own.close();

    const readUses =
      () => sql`select relname, seq_tup_read::integer as read, idx_scan::integer as found
      from pg_stat_user_tables where relname in ${sql(tables)}`;
    // A session reports its counts when it ends.
    await until(async () => {
      for (const { relname, found } of await readUses()) {
        if (relname !== 'deliveries') expect(found).toBeGreaterThanOrEqual(3_000);
      }
    });
    const uses = await readUses();
    expect(uses.map(({ relname, read }) => [relname, read])).toEqual(
      expect.arrayContaining(tables.map((table) => [table, 0])),
    );
  });

  it('queues 200,000 pulls in bounded memory', { timeout: 600_000 }, async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = () => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const grown: number[] = [];
    let start = 0;
    async function* many() {
      for (let i = 0; i < 200_000; i += 1) {
        if (i === 20_000) start = used();
        if (i > 20_000 && i % 20_000 === 0) grown.push(used() - start);
        yield pull(i);
      }
    }

    // A statement may take long on a busy machine; memory does not depend on that.
    const patient = open({ answerMilliseconds: 120_000 });
    expect(await patient.enqueuePulls(many())).toBe(200_000);
    expect(Math.max(...grown)).toBeLessThan(16 * 1024 ** 2);
  });
});

describe('claimPulls()', () => {
  it('returns a queued pull', async () => {
    await ledger.enqueuePulls(pulls(1));
    expect(await ledger.claimPulls(2, 60)).toEqual([
      {
        ...{ pullId: expect.any(String), uploadId: 'u0', owner: 'ann', attempt: 1 },
        request: { mediaUrl: 'https://media.example/0.mp4' },
      },
    ]);
  });

  it('returns a pull again after its lease, and ignores the first claim from then on', async () => {
    await ledger.enqueuePulls(pulls(1));
    const [first] = await ledger.claimPulls(1, 60);
    time += 60_000;
    const [second] = await ledger.claimPulls(1, 60);

    expect(second).toMatchObject({ uploadId: 'u0', attempt: 2 });
    if (first === undefined || second === undefined) throw new Error('Both were claimed.');
    expect(await ledger.finishPull(first, 'late')).toBe(false);
    expect(await ledger.retryPull(first, time)).toBe(false);
    expect(await ledger.failPull(first, { code: 'late' })).toBe(false);
    expect(await ledger.findUpload('u0')).toMatchObject({ state: 'issued' });
    expect(await ledger.finishPull(second, 'task')).toBe(true);
    expect(await ledger.findUpload('u0')).toMatchObject({ state: 'issued', taskId: 'task' });
  });

  it('returns a released pull only at its time', async () => {
    await ledger.enqueuePulls(pulls(1));
    const [claim] = await ledger.claimPulls(1, 60);
    if (claim !== undefined) await ledger.retryPull(claim, START + 5_000);

    expect(await ledger.claimPulls(1, 60)).toEqual([]);
    time += 5_000;
    expect(await ledger.claimPulls(1, 60)).toMatchObject([{ uploadId: 'u0', attempt: 2 }]);
  });

  it('returns no pull of a cancelled upload', async () => {
    await ledger.enqueuePulls(pulls(2));
    await ledger.transition('u0', 'cancelled');
    expect(await ledger.claimPulls(2, 60)).toMatchObject([{ uploadId: 'u1' }]);
  });
});

describe('failPull()', () => {
  it('ends a pull and its upload', async () => {
    await ledger.enqueuePulls(pulls(1));
    const [claim] = await ledger.claimPulls(1, 60);
    if (claim === undefined) throw new Error('It was claimed.');

    expect(await ledger.failPull(claim, { code: 'upstream_rejected' })).toBe(true);
    expect(await ledger.findUpload('u0')).toMatchObject({
      state: 'failed',
      method: 'pull',
      problem: { code: 'upstream_rejected' },
    });
    expect((await ledger.readBacklog()).pulls).toEqual({ count: 0 });
  });
});
