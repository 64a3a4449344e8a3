import { beforeEach, describe, expect, it } from 'vitest';
import type { UploadChange } from '../../../../lib/ledger/uploads/upload-row.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const START = Date.UTC(2026, 0, 1);
let time: number;
const { ledger, sql } = useLedger({ clock: { now: () => time } });

beforeEach(() => {
  time = START;
});

const tell = (change: UploadChange) => eventOf([change]);
const read = async (column: string) => {
  const [row] = await sql.unsafe(`select ${column} as value from uploads where upload_id = 'u1'`);
  return row?.['value'];
};

describe('a change', () => {
  const key = { uploadId: 'u1' };

  it('with an earlier clock keeps the time of the last change', async () => {
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    time -= 5_000;
    expect(await ledger.transition('u1', 'uploadedForProcessing')).toMatchObject({
      ...{ state: 'uploaded', createdAt: START, updatedAt: START },
    });
  });

  it('keeps the time of the first arrival', async () => {
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    expect(await read('arrived_at')).toBeNull();
    await ledger.recordEvent(tell({ key, fact: 'uploaded', fields: { size: 5 } }));
    time += 1_000;
    await ledger.recordEvent(tell({ key, fact: 'uploaded', fields: { size: 7 } }));
    expect(await read('arrived_at')).toEqual(new Date(START));
    expect(await read('size')).toBe('7');
  });

  it('without a method keeps the known one, and records its fact as the last', async () => {
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    await ledger.recordEvent(tell({ key, fact: 'processingStarted' }));
    expect([await read('method'), await read('last_fact')]).toEqual([
      'client',
      'processingStarted',
    ]);
    await ledger.recordEvent(tell({ key, fact: 'processingSucceeded', method: 'console' }));
    expect(await read('method')).toBe('console');
  });
});

describe.each<[by: string, column: string, rows: readonly string[], told: UploadChange[]]>([
  [
    ...(['uploads', 'upload_id', ['u1', 'u2']] as const),
    ['u1', 'u2'].map((uploadId) => ({ key: { uploadId }, fact: 'issued' })),
  ],
  [
    ...(['files', 'file_id', ['f1', 'f2']] as const),
    ['f1', 'f2'].map((fileId) => ({ key: { fileId }, fact: 'issued' })),
  ],
  [
    ...(['files that were known before their uploads', 'file_id', ['f1', 'f2']] as const),
    [1, 2].map((i) => ({
      ...{ key: { uploadId: `u${i}` }, fact: 'uploadedForProcessing', fields: { fileId: `f${i}` } },
    })),
  ],
])('changes of %s', (_by, column, [first = '', second = ''], told) => {
  it('lock rows in one order, for any order of events', async () => {
    const known = column === 'file_id' ? [first, second].map((fileId) => ({ fileId })) : [];
    const begun = known.map((key): UploadChange => ({ key, fact: 'processingStarted' }));
    await ledger.recordEvents((known.length > 0 ? begun : told).map(tell));
    let recording: Promise<unknown> | undefined;

    await sql.begin(async (holder) => {
      const lock = `select from uploads where ${column} = $1 for update`;
      await holder.unsafe(lock, [first]);
      recording = ledger.recordEvents(told.toReversed().map(tell));
      await expect
        .poll(async () => {
          const [row] = await sql`select count(*)::integer as count from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`;
          return row?.['count'];
        })
        .toBe(1);
      // A transaction that waits for the first row holds no lock on the second, so no two deadlock.
      await holder.unsafe(`${lock} nowait`, [second]);
    });
    expect(await recording).toMatchObject([{ fresh: true }, { fresh: true }]);
    const { items } = await ledger.listUploads({ limit: 9 });
    expect(items).toHaveLength(2);
  });
});
