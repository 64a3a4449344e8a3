import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EventRecord } from '../../../lib/ledger/event-record.ts';
import type { UploadChange } from '../../../lib/ledger/upload-row.ts';
import { useLedger } from '../../support/use-ledger.ts';

const START = Date.UTC(2026, 0, 1);
let time: number;
const { ledger, sql } = useLedger({ now: () => time });

beforeEach(() => {
  time = START;
});

const tell = (change: UploadChange): EventRecord => ({
  ...{ eventId: randomUUID(), eventType: 'vod.NewFileUpload', payload: {}, confirmed: true },
  changes: [change],
});
const read = async (column: string) => {
  const [row] = await sql.unsafe(`select ${column} as value from uploads where upload_id = 'u1'`);
  return row?.['value'];
};

describe('a change', () => {
  const key = { uploadId: 'u1' };

  it('by a clock that is behind leaves the time of the last change', async () => {
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    time -= 5_000;
    expect(await ledger.transition('u1', 'uploadedForProcessing')).toMatchObject({
      ...{ state: 'uploaded', createdAt: START, updatedAt: START },
    });
  });

  it('leaves the time at which the media came first', async () => {
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    expect(await read('arrived_at')).toBeNull();
    await ledger.recordEvent(tell({ key, fact: 'uploaded', fields: { size: 5 } }));
    time += 1_000;
    await ledger.recordEvent(tell({ key, fact: 'uploaded', fields: { size: 7 } }));
    expect(await read('arrived_at')).toEqual(new Date(START));
    expect(await read('size')).toBe('7');
  });

  it('never shortens a permission', async () => {
    const issued = { uploadId: 'u1', method: 'client', owner: 'ann' } as const;
    await ledger.issueUpload({ ...issued, fields: { expiresAt: START + 9_000 } });
    await ledger.issueUpload({ ...issued, fields: { expiresAt: START + 5_000 } });
    expect(await read('expires_at')).toEqual(new Date(START + 9_000));
  });

  it('that knows no method leaves the one that is known, and says what was told last', async () => {
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

describe.each([
  { by: 'upload', keys: ['u1', 'u2'].map((uploadId) => ({ uploadId })), column: 'upload_id' },
  { by: 'file', keys: ['f1', 'f2'].map((fileId) => ({ fileId })), column: 'file_id' },
])('changes by their $by', ({ keys, column }) => {
  it('lock rows in one order, whatever order they are told in', async () => {
    const [first, second] = keys.map((key) => Object.values(key)[0] ?? '');
    const changes = keys.map((key): UploadChange => ({ key, fact: 'issued' }));
    await ledger.recordEvents(changes.map(tell));
    let recording: Promise<unknown> | undefined;

    await sql.begin(async (holder) => {
      const lock = `select from uploads where ${column} = $1 for update`;
      await holder.unsafe(lock, [first ?? '']);
      recording = ledger.recordEvents(changes.toReversed().map(tell));
      await expect
        .poll(async () => {
          const [row] = await sql`select count(*)::integer as count from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`;
          return row?.['count'];
        })
        .toBe(1);
      // Who waits for the first holds nothing of the second, so no two ever wait for each other.
      await holder.unsafe(`${lock} nowait`, [second ?? '']);
    });
    expect(await recording).toMatchObject([{ fresh: true }, { fresh: true }]);
  });
});
