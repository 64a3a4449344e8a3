import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createConnection } from '../../../lib/ledger/connection.ts';
import type { EventRecord } from '../../../lib/ledger/event-record.ts';
import { useLedger } from '../../support/use-ledger.ts';

const database = useLedger();
const { ledger, sql } = database;

const told = (
  eventType: EventRecord['eventType'],
  change: EventRecord['changes'][number],
): EventRecord => ({
  ...{ eventId: randomUUID(), eventType, payload: {}, confirmed: true, changes: [change] },
});
const arrived = (uploadId: string, fileId: string) =>
  told('vod.NewFileUpload', {
    key: { uploadId },
    fact: 'uploadedForProcessing',
    fields: { fileId },
  });
const begun = (fileId: string) =>
  told('vod.ProcedureStateChanged', { key: { fileId }, fact: 'processingStarted' });

/** Resolves when somebody waits for a row that another transaction holds. */
const waitForWaiting = () =>
  expect
    .poll(async () => {
      const [row] = await sql`select count(*)::integer as count from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      return row?.['count'];
    })
    .toBeGreaterThan(0);

describe('files that were known before their uploads', () => {
  it('are locked in one order, whatever order their arrivals are told in', async () => {
    await ledger.recordEvents([begun('f1'), begun('f2')]);
    let recording: Promise<unknown> | undefined;

    await sql.begin(async (holder) => {
      await holder`select from uploads where file_id = 'f1' for update`;
      recording = ledger.recordEvents([arrived('u2', 'f2'), arrived('u1', 'f1')]);
      await waitForWaiting();
      // Who waits for the first holds nothing of the second, so no two ever wait for each other.
      await holder`select from uploads where file_id = 'f2' for update nowait`;
    });
    await recording;

    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'processing', fileId: 'f1' });
    expect(await ledger.findUpload('u2')).toMatchObject({ state: 'processing', fileId: 'f2' });
  });
});

describe('createConnection()', () => {
  /** Does work that the server undoes so many times; a sequence counts on although its transaction is undone. */
  async function workUndone(times: number): Promise<number> {
    await sql`create sequence tries`;
    await sql.unsafe(`create function try_it() returns bigint language plpgsql as $$
      declare n bigint := nextval('tries');
      begin
        if n <= ${times} then raise exception 'deadlock detected' using errcode = '40P01'; end if;
        return n;
      end $$`);
    const connection = createConnection({ databaseUrl: database.url, now: Date.now });
    const work = connection.run((sql) =>
      sql.unsafe<{ n: string }[]>('select try_it() as n', [], { prepare: true }),
    );
    try {
      const [row] = await work;
      return Number(row?.n);
    } finally {
      await connection.close();
    }
  }

  it('goes on after a piece of work was undone some times', async () => {
    expect(await workUndone(4)).toBe(5);
  });

  it('does not go on for ever', async () => {
    await expect(workUndone(5)).rejects.toMatchObject({ code: '40P01' });
  });
});
