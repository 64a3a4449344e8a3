import { beforeEach, describe, expect, it } from 'vitest';
import type { UploadQuery } from '../../../../lib/ledger/uploads/uploads.ts';
import { useLedger } from '../../../support/use-ledger.ts';

const START = Date.UTC(2026, 0, 1);
let time: number;
const { ledger, open, sql } = useLedger({ clock: { now: () => time } });

beforeEach(() => {
  time = START;
});

const save = (uploadId: string, owner = 'ann', method: 'client' | 'pull' = 'client') =>
  ledger.issueUpload({ uploadId, method, owner });

async function readAll(query: UploadQuery, between: () => Promise<unknown> = async () => {}) {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await ledger.listUploads({ ...query, cursor });
    for (const { uploadId } of page.items) ids.push(uploadId);
    cursor = page.cursor;
    await between();
  } while (cursor !== undefined);
  return ids;
}

describe('issueUpload()', () => {
  it('stores every field', async () => {
    const fields = {
      fileId: 'f1',
      taskId: 't1',
      name: 'a.mp4',
      mediaUrl: 'http://m.example/a.mp4',
      coverUrl: 'http://m.example/a.jpg',
      size: 50_000 * 1024 ** 3,
      duration: 12.25,
      storageRegion: 'ap-chongqing',
      classId: 7,
      procedure: 'LongVideoPreset',
      sourceContext: 'mine',
      sessionContext: 'theirs',
      limits: { maxBytes: 5, mediaTypes: ['mp4'] },
      problem: { code: 'upstream_failed' },
      mediaExpireTime: START + 86_400_000,
      expiresAt: START + 3_600_000,
    };
    const saved = await ledger.issueUpload({
      uploadId: 'u1',
      method: 'pull',
      owner: 'ann',
      fields,
    });

    expect(saved).toEqual({
      ...fields,
      ...{ uploadId: 'u1', method: 'pull', owner: 'ann', state: 'issued' },
      ...{ createdAt: START, updatedAt: START },
    });
    expect(await ledger.findUpload('u1')).toEqual(saved);
  });

  it('extends an upload, and never reopens an ended one', async () => {
    await ledger.issueUpload({
      ...{ uploadId: 'u1', method: 'client', owner: 'ann' },
      fields: { expiresAt: START + 9_000 },
    });
    time += 1_000;
    const later = await ledger.issueUpload({
      ...{ uploadId: 'u1', method: 'client', owner: 'ann' },
      fields: { expiresAt: START + 8_000, name: 'b.mp4' },
    });
    expect(later).toMatchObject({ expiresAt: START + 9_000, name: 'b.mp4', createdAt: START });

    await ledger.transition('u1', 'cancelled');
    expect(await save('u1')).toMatchObject({ state: 'cancelled' });
  });
});

describe('transition()', () => {
  it('returns the changed upload, or undefined if there is none', async () => {
    await save('u1');
    expect(
      await ledger.transition('u1', 'rejected', { problem: { code: 'too_large' } }),
    ).toMatchObject({ state: 'rejected', problem: { code: 'too_large' } });
    expect(await ledger.transition('u1', 'processingSucceeded')).toMatchObject({
      state: 'rejected',
    });
    expect(await ledger.transition('none', 'deleted')).toBeUndefined();
    expect(await ledger.findUpload('none')).toBeUndefined();
  });
});

describe('updateFields()', () => {
  it.each(['issued', 'processingStarted', 'uploaded', 'cancelled'] as const)(
    'leaves the state after %s as it is',
    async (fact) => {
      await save('u1');
      const before = await ledger.transition('u1', fact);

      expect(await ledger.updateFields('u1', { taskId: 'task' })).toMatchObject({
        state: before?.state,
        taskId: 'task',
      });
      expect(await ledger.updateFields('none', { taskId: 'task' })).toBeUndefined();
      expect(await ledger.findUpload('none')).toBeUndefined();
    },
  );
});

describe('listUploads()', () => {
  it('returns every upload once while others are added', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 25; i += 1) {
      ids.unshift(`u${String(i).padStart(2, '0')}`);
      await save(ids[0] ?? '');
      // Three of each time, so that pages end between uploads of the same time.
      if (i % 3 === 2) time += 1;
    }
    let added = 0;
    const read = await readAll({ limit: 4 }, async () => {
      time += 1;
      added += 1;
      await save(`added-${added}`);
    });
    expect(read).toEqual(ids);
  });

  it('filters by owner, state and method', async () => {
    await save('a1', 'ann');
    await save('b1', 'bob');
    await save('b2', 'bob', 'pull');
    await save('b3', 'bob');
    await ledger.transition('b3', 'uploaded');

    expect((await readAll({ owner: 'bob', limit: 1 })).toSorted()).toEqual(['b1', 'b2', 'b3']);
    expect(await readAll({ owner: 'bob', state: 'issued', method: 'client', limit: 9 })).toEqual([
      'b1',
    ]);
    expect(await readAll({ state: 'ready', limit: 9 })).toEqual(['b3']);
    expect(await readAll({ method: 'pull', limit: 9 })).toEqual(['b2']);
    expect(await readAll({ owner: 'nobody', limit: 9 })).toEqual([]);
  });
});

describe('rememberRequest()', () => {
  const request = { owner: 'ann', key: 'k', fingerprint: 'f', uploadId: 'u1' };

  it('returns the same upload months later, and refuses another request', async () => {
    expect(await ledger.rememberRequest(request)).toEqual({ kind: 'new', uploadId: 'u1' });
    time += 200 * 86_400_000;
    expect(await ledger.rememberRequest({ ...request, uploadId: 'u2' })).toEqual({
      kind: 'same',
      uploadId: 'u1',
    });
    expect(await ledger.rememberRequest({ ...request, fingerprint: 'g' })).toEqual({
      kind: 'conflict',
      uploadId: 'u1',
    });
    expect(await ledger.rememberRequest({ ...request, owner: 'bob' })).toMatchObject({
      kind: 'new',
    });
  });

  it('is new for one of many concurrent callers', async () => {
    const kinds = await Promise.all(
      Array.from({ length: 20 }, () => ledger.rememberRequest(request)),
    );
    expect(kinds.filter(({ kind }) => kind === 'new')).toHaveLength(1);
  });

  it('is new again after it was forgotten', async () => {
    await ledger.rememberRequest(request);
    await ledger.forgetRequest({ ...request, uploadId: 'another' });
    expect(await ledger.rememberRequest(request)).toMatchObject({ kind: 'same' });
    await ledger.forgetRequest(request);
    expect(await ledger.rememberRequest(request)).toMatchObject({ kind: 'new' });
  });
});

describe('rememberRequests()', () => {
  const request = (key: string, fingerprint = 'f', uploadId = `u-${key}-${fingerprint}`) => ({
    ...{ owner: 'ann', key, fingerprint, uploadId },
  });

  it('returns results in order, also for repeated keys', async () => {
    await ledger.rememberRequest(request('old'));
    const remembered = await ledger.rememberRequests([
      request('b'),
      request('old'),
      request('old', 'other'),
      request('a'),
      request('b', 'f', 'another'),
      request('b', 'other'),
      { ...request('a'), owner: 'bob' },
    ]);

    expect(remembered).toEqual([
      { kind: 'new', uploadId: 'u-b-f' },
      { kind: 'same', uploadId: 'u-old-f' },
      { kind: 'conflict', uploadId: 'u-old-f' },
      { kind: 'new', uploadId: 'u-a-f' },
      { kind: 'same', uploadId: 'u-b-f' },
      { kind: 'conflict', uploadId: 'u-b-f' },
      { kind: 'new', uploadId: 'u-a-f' },
    ]);
    expect(await ledger.rememberRequests([])).toEqual([]);
  });

  it('is new for one of several concurrent overlapping sets', async () => {
    const keys = Array.from({ length: 400 }, (_, i) => `k${i}`);
    const ledgers = [1, 2, 3, 4].map(() => open());
    const sets = [keys, keys.toReversed(), keys.slice(100), keys.slice(0, 300).toReversed()];
    const answers = await Promise.all(
      sets.map((set, i) =>
        ledgers[i]?.rememberRequests(set.map((key) => request(key, 'f', `${i}-${key}`))),
      ),
    );
    await Promise.all(ledgers.map((each) => each.close()));

    const all = answers.flatMap((answer) => answer ?? []);
    expect(all.filter(({ kind }) => kind === 'new')).toHaveLength(400);
    expect(new Set(all.map(({ uploadId }) => uploadId)).size).toBe(400);
    expect(all.some(({ kind }) => kind === 'conflict')).toBe(false);
  });
});

describe('claimChecks() and setNextCheck()', () => {
  const MINUTE = 60_000;
  const claim = async (count = 9) =>
    (await ledger.claimChecks(count, 60)).map(({ uploadId }) => uploadId);

  it('makes a check due ten minutes after a change, a day after the upload is ready or failed, and never after another end', async () => {
    await save('waits');
    await save('ready');
    await save('failed');
    await save('cancelled');
    await ledger.transition('ready', 'uploaded');
    await ledger.transition('failed', 'processingFailed');
    await ledger.transition('cancelled', 'cancelled');
    time += 10 * MINUTE - 1;
    expect(await claim()).toEqual([]);
    time += 1;
    expect(await claim()).toEqual(['waits']);
    time = START + 86_400_000;
    expect((await claim()).toSorted()).toEqual(['failed', 'ready', 'waits']);
    time += 30 * 86_400_000;
    expect(await claim()).not.toContain('cancelled');
  });

  it('postpones a check, also indefinitely, until the next change', async () => {
    await save('u1');
    await ledger.setNextCheck('u1', START + 60 * MINUTE);
    time = START + 59 * MINUTE;
    expect(await claim()).toEqual([]);
    time += MINUTE;
    expect(await claim()).toEqual(['u1']);
    await ledger.setNextCheck('u1', undefined);
    time += 86_400_000;
    expect(await claim()).toEqual([]);
    await ledger.transition('u1', 'processingStarted');
    time += 10 * MINUTE;
    expect(await claim()).toEqual(['u1']);
  });

  it('neither waits for a session that changes an upload nor changes its row', async () => {
    await save('u1');
    time += 10 * MINUTE;
    const readVersion = () => sql`select ctid, xmin from uploads where upload_id = 'u1'`;
    const before = await readVersion();
    await sql.begin(async (holder) => {
      await holder`select from uploads where upload_id = 'u1' for update`;
      expect(await claim()).toEqual(['u1']);
    });
    expect(await readVersion()).toEqual(before);
  });

  it('ends the lease when the upload is due at another time', async () => {
    await save('u1');
    time += 10 * MINUTE;
    expect(await claim()).toEqual(['u1']);
    await ledger.setNextCheck('u1', time);
    expect(await claim()).toEqual(['u1']);
    await ledger.setNextCheck('u1', time + 1_000);
    expect(await claim()).toEqual([]);
    time += 1_000;
    expect(await claim()).toEqual(['u1']);
  });

  it('forgets leases that ended an hour ago, but not one that it renews', async () => {
    await save('u1');
    await save('u2');
    time += 10 * MINUTE;
    expect((await claim()).toSorted()).toEqual(['u1', 'u2']);
    // A report, unlike the next check, says nothing about the lease.
    await ledger.transition('u2', 'cancelled');
    time += 61 * MINUTE;
    const listLeases = () => sql`select upload_id from check_leases order by upload_id`;
    expect(await listLeases()).toHaveLength(2);
    expect(await claim()).toEqual(['u1']);
    expect(await listLeases()).toEqual([{ upload_id: 'u1' }]);
    expect(await claim()).toEqual([]);
  });

  it('makes no check due for a pull that VOD has not accepted', async () => {
    await ledger.enqueuePulls([{ uploadId: 'p1', owner: 'ann', request: {} }]);
    time += 86_400_000;
    expect(await claim()).toEqual([]);
    const [pull] = await ledger.claimPulls(1, 60);
    if (pull !== undefined) await ledger.finishPull(pull, 'task');
    time += 10 * MINUTE;
    expect(await claim()).toEqual(['p1']);
  });
});

describe('hastenChecks()', () => {
  const MINUTE = 60_000;
  const claim = async () => (await ledger.claimChecks(9, 60)).map(({ uploadId }) => uploadId);

  it('makes the checks of uploads with a task or a file due early', async () => {
    for (const name of ['task', 'file', 'flow', 'nothing', 'ready', 'cancelled']) await save(name);
    await ledger.updateFields('task', { taskId: 't1' });
    await ledger.transition('file', 'uploadedForProcessing', { fileId: 'f1' });
    await ledger.transition('flow', 'processingStarted', { fileId: 'f2', taskId: 't2' });
    await ledger.transition('ready', 'uploaded', { fileId: 'f3' });
    await ledger.transition('cancelled', 'cancelled', { taskId: 't3' });
    await ledger.enqueuePulls([{ uploadId: 'queued', owner: 'ann', request: {} }]);
    time += MINUTE;
    await ledger.setNextCheck('task', time + 12 * 60 * MINUTE);
    expect(await claim()).toEqual([]);

    await ledger.hastenChecks(9);

    expect((await claim()).toSorted()).toEqual(['file', 'flow', 'task']);
  });

  it('is limited to the newest uploads of each state', async () => {
    for (const name of ['p1', 'p2', 'p3', 'q1', 'q2']) {
      time += 1;
      await save(name);
      const fact = name.startsWith('p') ? 'issued' : 'processingStarted';
      await ledger.transition(name, fact, { taskId: name });
    }

    await ledger.hastenChecks(1);

    expect((await claim()).toSorted()).toEqual(['p3', 'q2']);
  });

  it('does not postpone overdue checks', async () => {
    await save('early');
    await ledger.updateFields('early', { taskId: 't1' });
    time += MINUTE;
    await save('late');
    await ledger.updateFields('late', { taskId: 't2' });
    time += 9 * MINUTE;

    await ledger.hastenChecks(9);

    expect(await claim()).toEqual(['early', 'late']);
  });
});

describe('watermarks and leases', () => {
  it('moves a watermark forwards only', async () => {
    expect(await ledger.readWatermark('scan')).toBeUndefined();
    await ledger.advanceWatermark('scan', START + 5);
    await ledger.advanceWatermark('scan', START);
    expect(await ledger.readWatermark('scan')).toBe(START + 5);
    await Promise.all([9, 3, 7, 8].map((ahead) => ledger.advanceWatermark('scan', START + ahead)));
    expect(await ledger.readWatermark('scan')).toBe(START + 9);
  });

  it('gives a lease to one of many callers, who can renew and release it', async () => {
    const many = Array.from({ length: 8 }, () => open());
    const acquire = () => Promise.all(many.map((each) => each.acquireLease('sweep', 60)));
    const first = await acquire();
    expect(first.filter(Boolean)).toHaveLength(1);
    time += 30_000;
    expect(await acquire()).toEqual(first);
    time += 59_999;
    await Promise.all(many.map((each, i) => first[i] || each.releaseLease('sweep')));
    expect(await ledger.acquireLease('sweep', 60)).toBe(false);
    time += 1;
    expect(await ledger.acquireLease('sweep', 60)).toBe(true);
    expect((await acquire()).some(Boolean)).toBe(false);
    await ledger.releaseLease('sweep');
    expect((await acquire()).filter(Boolean)).toHaveLength(1);
    await Promise.all(many.map((each) => each.close()));
  });
});
