import type { ISql } from 'postgres';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../../lib/ledger/ledger.ts';
import type { PullRun } from '../../../../lib/ledger/runs/pull-run-row.ts';
import { LOOKED_AT_ONCE } from '../../../../lib/ledger/runs/pull-run-statements.ts';
import type { PullRunLedger } from '../../../../lib/ledger/runs/pull-runs.ts';
import { useLedger } from '../../../support/use-ledger.ts';

const NOW = Date.UTC(2026, 10, 22, 8);
let time: number;
const database = useLedger({ clock: { now: () => time } });
const { ledger, sql } = database;
let runs: PullRunLedger;
let run: PullRun;

beforeEach(async () => {
  time = NOW;
  runs = await ledger.pullRuns();
  run = await open('library');
});

const open = (name: string, owner = 'ann', subAppId?: number) =>
  runs.openRun({ runId: `run-${owner}-${name}-${subAppId}-${time}`, owner, name, subAppId });
const item = (id: string, uploadId = `u-${id}`) => ({ id, uploadId, request: { mediaUrl: id } });
const add = (ids: readonly string[], retry = false, suffix = '') =>
  runs.addItems(
    run.runId,
    ids.map((id) => item(id, `u-${id}${suffix}`)),
    { retry },
  );
const issue = (uploadId: string) => ledger.issueUpload({ uploadId, method: 'pull', owner: 'ann' });
const counts = async () =>
  Object.fromEntries(
    (await runs.countItems(run.runId)).map((each) => [
      each.reason === undefined ? each.state : `${each.state}: ${each.reason}`,
      each.count,
    ]),
  );
const states = async () =>
  Object.fromEntries(
    (await runs.listItems(run.runId, { limit: 100 })).items.map(({ id, state }) => [id, state]),
  );
/** Sessions that wait for another one. */
const countWaiting = async () => {
  const [row] = await sql`select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return row?.['count'];
};

describe('openRun()', () => {
  it('finds the run of an owner by its name, and no other', async () => {
    time += 5;

    expect(await open('library')).toEqual(run);
    expect((await open('library', 'bob')).runId).not.toBe(run.runId);
    expect((await open('library', 'ann', 7)).runId).not.toBe(run.runId);
    expect((await open('other')).runId).not.toBe(run.runId);
  });

  it('makes one run of many simultaneous requests', async () => {
    const opened = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        database
          .open()
          .pullRuns()
          .then((each) =>
            each.openRun({ runId: `r${i}`, owner: 'ann', name: 'new', subAppId: undefined }),
          ),
      ),
    );

    expect(new Set(opened.map(({ runId }) => runId)).size).toBe(1);
  });
});

describe('listRuns()', () => {
  it('returns the runs of one owner, latest first, in pages', async () => {
    await open('library', 'bob');
    for (const name of ['b', 'c']) {
      time += 1;
      await open(name);
    }

    const first = await runs.listRuns({ owner: 'ann', subAppId: undefined, limit: 2 });
    const second = await runs.listRuns({
      owner: 'ann',
      subAppId: undefined,
      limit: 2,
      cursor: first.cursor,
    });

    expect(first.items.map(({ name }) => name)).toEqual(['c', 'b']);
    expect(second).toEqual({ items: [run] });
    expect(
      (await runs.listRuns({ owner: 'ann', subAppId: undefined, name: 'b', limit: 2 })).items,
    ).toHaveLength(1);
    expect((await runs.listRuns({ owner: 'ann', subAppId: 7, limit: 2 })).items).toEqual([]);
  });
});

describe('addItems()', () => {
  it('gives each source one upload, however often it is added', async () => {
    const first = await add(['a', 'b', 'a']);
    await issue('u-a');
    const again = await add(['b', 'c', 'a'], false, '-again');

    expect(first?.map(({ uploadId }) => uploadId)).toEqual(['u-a', 'u-b', 'u-a']);
    expect(again).toMatchObject([
      { uploadId: 'u-b' },
      { uploadId: 'u-c-again' },
      { uploadId: 'u-a', createdAt: NOW },
    ]);
    expect(await counts()).toEqual({ waiting: 3 });
  });

  it('gives each source one upload in many simultaneous requests', async () => {
    const ids = Array.from({ length: 50 }, (_, i) => `s${i}`);
    const added = await Promise.all(
      Array.from({ length: 8 }, async (_, place) =>
        (await database.open().pullRuns()).addItems(
          run.runId,
          (place % 2 ? ids : ids.toReversed()).map((id) => item(id, `${id}-${place}`)),
          { retry: false },
        ),
      ),
    );

    const given = added.flatMap((each) => each ?? []).map(({ uploadId }) => uploadId);
    expect(given).toHaveLength(400);
    expect(new Set(given).size).toBe(50);
  });

  it('adds nothing to a run that has ended', async () => {
    await runs.endRun(run.runId, 'cancelled');

    expect(await add(['a'])).toBeUndefined();
    expect(await counts()).toEqual({});
  });

  it('makes another attempt of an item that was refused, for the same upload', async () => {
    await add(['a']);
    await runs.refuseItems(run.runId, [{ ...item('a'), problem: { code: 'quota_exceeded' } }]);
    expect(await counts()).toEqual({ 'refused: quota_exceeded': 1 });
    const [refused] = (await runs.listItems(run.runId, { limit: 1 })).items;
    expect(refused).toEqual({
      ...{ id: 'a', state: 'refused', attempts: 1, problem: { code: 'quota_exceeded' } },
    });

    expect(await add(['a'], false, '-2')).toMatchObject([{ uploadId: 'u-a', state: 'waiting' }]);
    expect(await counts()).toEqual({ waiting: 1 });
    expect((await runs.listItems(run.runId, { limit: 1 })).items).toMatchObject([
      { id: 'a', attempts: 2 },
    ]);
  });

  it.each([
    ['before', true],
    ['after', false],
  ])('keeps an item with an upload that was queued %s it was refused', async (_, isBefore) => {
    await add(['a']);
    const refuse = () =>
      runs.refuseItems(run.runId, [{ ...item('a'), problem: { code: 'quota_exceeded' } }]);
    if (isBefore) await issue('u-a');
    await refuse();
    await issue('u-a');

    expect(await counts()).toEqual({ waiting: 1 });
    expect(await add(['a'], false, '-2')).toMatchObject([{ uploadId: 'u-a', state: 'waiting' }]);
    await ledger.transition('u-a', 'uploaded', { fileId: 'f1' });
    expect((await runs.listItems(run.runId, { limit: 1 })).items).toEqual([
      { id: 'a', state: 'ready', attempts: 1, uploadId: 'u-a', fileId: 'f1' },
    ]);
    await sql`delete from events`;
    await sql`delete from media_actions`;
    await sql`with gone as (delete from uploads returning upload_id)
      insert into pruned_uploads (upload_id, has_media, pruned_at, removed) select upload_id, true, now(), true from gone`;
    expect(await counts()).toEqual({ pruned: 1 });
  });

  it('makes another attempt of an upload that failed without a file, if it is a retry', async () => {
    await add(['none', 'file', 'fine']);
    for (const id of ['none', 'file', 'fine']) await issue(`u-${id}`);
    await ledger.transition('u-none', 'pullFailed', {
      problem: { code: 'pull_failed', vodErrCode: 60000 },
    });
    await ledger.transition('u-file', 'processingFailed', {
      fileId: 'f1',
      problem: { code: 'processing_failed' },
    });
    await ledger.transition('u-fine', 'uploaded', { fileId: 'f2' });
    expect(await counts()).toEqual({
      'failed: pull_failed 60000': 1,
      'failed: processing_failed': 1,
      ready: 1,
    });

    await add(['none', 'file', 'fine'], false, '-2');
    const kept = (await runs.listItems(run.runId, { limit: 9 })).items.map(
      ({ uploadId }) => uploadId,
    );
    await add(['none', 'file', 'fine'], true, '-3');
    const retried = (await runs.listItems(run.runId, { limit: 9 })).items.map(
      ({ uploadId }) => uploadId,
    );

    expect(kept).toEqual(['u-file', 'u-fine', 'u-none']);
    expect(retried).toEqual(['u-file', 'u-fine', 'u-none-3']);
  });

  it('keeps an upload whose item is refused later', async () => {
    await add(['a']);
    await runs.refuseItems(run.runId, [
      { id: 'a', uploadId: 'u-other', request: {}, problem: { code: 'invalid_request' } },
    ]);

    expect(await counts()).toEqual({ waiting: 1 });
  });
});

describe('countItems() and listItems()', () => {
  it('name the state of each item', async () => {
    const facts = {
      fetching: ['issued', { taskId: 't' }],
      ready: ['uploaded', { fileId: 'f1', size: 10 }],
      processing: ['uploadedForProcessing', { fileId: 'f2' }],
      cancelled: ['cancelled', {}],
      expired: ['expired', {}],
    } as const;
    await add(['waiting', ...Object.keys(facts)]);
    for (const [id, [fact, fields]] of Object.entries(facts)) {
      await issue(`u-${id}`);
      await ledger.transition(`u-${id}`, fact, fields);
    }

    const expected = ['cancelled', 'expired', 'fetching', 'processing', 'ready', 'waiting'];
    expect(await states()).toEqual(Object.fromEntries(expected.map((state) => [state, state])));
    expect((await runs.countItems(run.runId)).find(({ state }) => state === 'ready')).toEqual({
      state: 'ready',
      count: 1,
      bytes: 10,
    });
  });

  it('find the few items in a state among many, in several pages', async () => {
    const many = LOOKED_AT_ONCE + 20;
    await sql`insert into pull_run_items (run_id, source_id, upload_id, request, added_at)
      select ${run.runId}, 's' || lpad(i::text, 6, '0'), 'u' || i, '{}', now() from generate_series(1, ${many}::int) as i`;
    await sql`insert into uploads (upload_id, method, state, last_fact, owner, created_at, updated_at)
      select 'u' || i, 'pull', case when i in (5, 9, ${many}::int) then 'failed' else 'ready' end, 'issued', 'ann', now(), now()
      from generate_series(1, ${many}::int) as i`;

    const found: string[] = [];
    let pages = 0;
    let cursor: string | undefined;
    do {
      const page = await runs.listItems(run.runId, { states: ['failed'], limit: 2, cursor });
      found.push(...page.items.map(({ uploadId = '' }) => uploadId));
      cursor = page.cursor;
      pages += 1;
    } while (cursor !== undefined);

    expect(found).toEqual(['u5', 'u9', `u${many}`]);
    expect(pages).toBeLessThanOrEqual(4);
    expect(await counts()).toEqual({ failed: 3, ready: many - 3 });
  });
});

describe('pauseRun() and holdItems()', () => {
  const queue = async (ids: readonly string[]) => {
    await add(ids);
    await ledger.enqueuePulls(
      ids.map((id) => ({ uploadId: `u-${id}`, owner: 'ann', request: {} })),
    );
  };
  const claim = async () => (await ledger.claimPulls(99, 60)).map(({ uploadId }) => uploadId);

  it('hold back what was not attempted, and keep the order', async () => {
    await queue(['c', 'a', 'b']);
    const [attempted] = await ledger.claimPulls(1, 60);

    expect(await runs.pauseRun(run.runId, true)).toMatchObject({ state: 'paused' });
    expect(await runs.holdItems(run.runId, undefined)).toEqual({ count: 2 });
    // VOD may have this one, and knows it for some days only.
    if (attempted !== undefined) await ledger.retryPull(attempted, time + 1_000);
    expect(await claim()).toEqual([]);
    time += 3_600_000;
    expect(await claim()).toEqual(['u-c']);

    await runs.pauseRun(run.runId, false);
    expect(await runs.holdItems(run.runId, undefined)).toEqual({ count: 2 });
    expect(await claim()).toEqual(['u-a', 'u-b']);
  });

  it('hold back many in steps, and no pull of another run', async () => {
    const many = LOOKED_AT_ONCE + 20;
    await sql`insert into uploads (upload_id, method, state, last_fact, owner, created_at, updated_at)
      select 'u' || i, 'pull', 'issued', 'issued', 'ann', now(), now() from generate_series(0, ${many}::int) as i`;
    await sql`insert into pulls (upload_id, owner, request, next_attempt_at)
      select 'u' || i, 'ann', '{}', timestamptz '2020-01-01' from generate_series(0, ${many}::int) as i`;
    await sql`insert into pull_run_items (run_id, source_id, upload_id, request, added_at)
      select ${run.runId}, 's' || lpad(i::text, 6, '0'), 'u' || i, '{}', now() from generate_series(1, ${many}::int) as i`;
    await runs.pauseRun(run.runId, true);

    const first = await runs.holdItems(run.runId, undefined);
    const second = await runs.holdItems(run.runId, first.cursor);

    expect(first).toEqual({ count: LOOKED_AT_ONCE, cursor: expect.any(String) });
    expect(second).toEqual({ count: 20 });
    expect(await claim()).toEqual(['u0']);
  });

  it('leave every pull as the last of simultaneous decisions says', async () => {
    await queue(['a']);
    await runs.pauseRun(run.runId, true);
    await runs.holdItems(run.runId, undefined);
    const decide = async (isPaused: boolean) => {
      const each = await database.open().pullRuns();
      await each.pauseRun(run.runId, isPaused);
      await each.holdItems(run.runId, undefined);
    };

    const deciding = await sql.begin(async (other) => {
      await other`select from pulls for update`;
      const resuming = decide(false);
      await expect.poll(countWaiting).toBe(1);
      let hasPaused = false;
      const pausing = decide(true).then(() => {
        hasPaused = true;
      });
      await expect.poll(async () => hasPaused || (await countWaiting()) === 2).toBe(true);
      return [resuming, pausing];
    });
    await Promise.all(deciding);

    expect(await runs.findRun(run.runId)).toMatchObject({ state: 'paused' });
    expect(await claim()).toEqual([]);
  });

  it('do nothing to a run that has ended', async () => {
    await queue(['a']);
    await runs.endRun(run.runId, 'cancelled');

    expect(await runs.pauseRun(run.runId, true)).toBeUndefined();
    expect(await claim()).toEqual(['u-a']);
  });
});

describe('the pulls of a run', () => {
  const pull = { uploadId: 'u-a', owner: 'ann', request: {} };
  const enqueue = async (by: Ledger, runId = run.runId) => {
    await by.enqueuePulls([pull], runId);
  };
  const issueWithin = async (by: Ledger, runId = run.runId) => {
    await by.issueWithin('ann', { openUploads: 9 }, [{ ...pull, method: 'pull' }], runId);
  };
  const pause = (by: ISql) => by`update pull_runs set paused = true`;
  const cancel = (by: ISql) => by`update pull_runs set state = 'cancelled'`;

  it.each([
    ['enqueuePulls', 'is paused', enqueue, pause, 'issued'],
    ['issueWithin', 'is paused', issueWithin, pause, 'issued'],
    ['enqueuePulls', 'ends', enqueue, cancel, undefined],
    ['issueWithin', 'ends', issueWithin, cancel, undefined],
  ] as const)('wait for who decides: %s() while it %s', async (_, __, queue, decide, state) => {
    await add(['a']);

    const queueing = await sql.begin(async (other) => {
      await decide(other);
      const waiting = queue(database.open());
      await expect.poll(countWaiting).toBe(1);
      return [waiting];
    });
    await Promise.all(queueing);

    expect(await ledger.claimPulls(9, 60)).toEqual([]);
    expect((await ledger.findUpload('u-a'))?.state).toBe(state);
  });

  it.each([enqueue, issueWithin])('are not queued if there is no such run', async (queue) => {
    await queue(ledger, 'none');

    expect(await ledger.claimPulls(9, 60)).toEqual([]);
  });

  it('are returned as cancelled if it has ended, unless they had begun', async () => {
    await issue('u-begun');
    await runs.endRun(run.runId, 'cancelled');
    const wanted = ['u-a', 'u-begun'].map(
      (uploadId) => ({ ...pull, method: 'pull', uploadId }) as const,
    );

    const verdicts = await ledger.issueWithin('ann', { openUploads: 9 }, wanted, run.runId);

    expect(verdicts).toEqual([
      { kind: 'issued', state: 'cancelled' },
      { kind: 'issued', state: 'issued' },
    ]);
  });
});

describe('deleteFiles()', () => {
  const finish = async (uploadId: string, fileId: string) => {
    await issue(uploadId);
    await ledger.transition(uploadId, 'uploaded', { fileId });
  };

  it('deletes what the run brought, and nothing else', async () => {
    await add(['brought', 'kept', 'none-yet', 'never-queued']);
    await finish('u-brought', 'file-brought');
    await finish('u-kept', 'file-kept');
    await issue('u-none-yet');
    await finish('brought', 'file-of-an-upload-with-the-name-of-an-item');
    await finish('other', 'file-other');

    const ids = ['brought', 'none-yet', 'never-queued', 'other', 'u-kept', 'unknown'];
    const count = await runs.deleteFiles(run.runId, ids);
    const again = await runs.deleteFiles(run.runId, ['brought']);
    const byAnother = await runs.deleteFiles((await open('other')).runId, ['brought', 'kept']);

    expect([count, again, byAnother]).toEqual([1, 1, 0]);
    expect(await ledger.claimActions(9, 60)).toMatchObject([
      { kind: 'delete', fileId: 'file-brought', uploadId: 'u-brought' },
    ]);
  });

  it('has a file deleted again whose deletion was given up, and not one that is being deleted', async () => {
    await add(['dead', 'claimed']);
    for (const id of ['dead', 'claimed']) await finish(`u-${id}`, `file-${id}`);
    await runs.deleteFiles(run.runId, ['dead', 'claimed']);
    const [dead, claimed] = (await ledger.claimActions(9, 60)).toSorted((a, b) =>
      b.fileId.localeCompare(a.fileId),
    );
    if (dead !== undefined) await ledger.failAction(dead, { error: 'no', dead: true });

    expect(await runs.deleteFiles(run.runId, ['dead', 'claimed'])).toBe(2);

    expect(claimed?.fileId).toBe('file-claimed');
    expect(await ledger.claimActions(9, 60)).toMatchObject([{ fileId: 'file-dead', attempt: 1 }]);
  });
});

describe('transitionAll()', () => {
  it('cancels what waits, and leaves what has ended', async () => {
    for (const id of ['a', 'b', 'c']) await issue(id);
    await ledger.enqueuePulls([{ uploadId: 'a', owner: 'ann', request: {} }]);
    await ledger.transition('b', 'uploaded', { fileId: 'f' });

    const after = await ledger.transitionAll(['a', 'b', 'c', 'unknown'], 'cancelled');

    expect(Object.fromEntries(after.map(({ uploadId, state }) => [uploadId, state]))).toEqual({
      a: 'cancelled',
      b: 'ready',
      c: 'cancelled',
    });
    expect(await ledger.claimPulls(9, 60)).toEqual([]);
    expect(
      (await (await ledger.timeline()).listEvents('a')).map(({ eventType }) => eventType),
    ).toContain('upload.cancelled');
  });
});
