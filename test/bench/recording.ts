import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { openLedger } from '../../lib/ledger/ledger.ts';
import events from '../fixtures/vod-events.json' with { type: 'json' };
import { compare, type Ratio } from './measure.ts';
import { findPostmaster, meterProcessors } from './processor-time.ts';

const TARGET = { id: 'https://consumer.example', events: ['upload.*'] };
const PREPARED = { prepare: true } as const;

/** The form of a message's content. */
const MESSAGE = JSON.stringify({
  ...{ upload_id: 'upload', method: 'client', state: 'uploaded', owner: 'user-42' },
  ...{ file_id: 'file', name: 'example.mp4', size: 10_000_000, task_id: null, duration: null },
  ...{ media_url: 'https://media.example/file.mp4', created_at: '2026-12-01T00:00:00+00:00' },
});

const INSERT_EVENT = `insert into events
    (event_id, event_type, upload_id, file_id, payload, confirmed, envelope_removed, received_at, recorded_by, fanned_out)
  values ($1, $2, $3, $4, $5::text::jsonb, true, true, $6::timestamptz, $7, true)
  on conflict (event_id) do nothing returning event_id`;

const UPSERT_UPLOAD = `insert into uploads as u
    (upload_id, method, state, last_fact, owner, file_id, name, media_url, size, created_at, updated_at, check_at, arrived_at)
  values ($1, 'client', 'uploaded', 'uploadedForProcessing', $2, $3, $4, $5, $6::bigint, $7::timestamptz, $7::timestamptz,
    $7::timestamptz + interval '10 minutes', $7::timestamptz)
  on conflict (upload_id) do update set updated_at = excluded.updated_at, file_id = coalesce(excluded.file_id, u.file_id)
  returning *`;

const INSERT_DELIVERY = `insert into deliveries (event_id, endpoint, next_attempt_at, enqueued_at, updated_at)
  values ($1, $2, $3::timestamptz, $3::timestamptz, $3::timestamptz)`;

// The same rows as a recorded arrival leaves, with nothing that depends on what was there.
const PLAIN_ROWS = `with event as (
    insert into events
      (event_id, event_type, file_id, payload, confirmed, envelope_removed, received_at, recorded_by, fanned_out)
    values ($1, 'vod.NewFileUpload', $2, $3::text::jsonb, true, true, $4::timestamptz, $5, true)
  ),
  upload as (
    insert into uploads
      (upload_id, method, state, last_fact, owner, file_id, name, media_url, size, created_at, updated_at, check_at, arrived_at)
    values ($6, 'client', 'uploaded', 'uploadedForProcessing', 'user-42', $2, 'example.mp4', $7, 10000000,
      $4::timestamptz, $4::timestamptz, $4::timestamptz, $4::timestamptz)
  ),
  message as (
    insert into events
      (event_id, event_type, upload_id, file_id, payload, confirmed, received_at, recorded_by, fanned_out)
    values ($8, 'upload.uploaded', $6, $2, $9::text::jsonb, true, $4::timestamptz, $5, true)
  )
  insert into deliveries (event_id, endpoint, next_attempt_at, enqueued_at, updated_at)
  values ($8, $10, $4::timestamptz, $4::timestamptz, $4::timestamptz)`;

/**
 * Measures other ways to write what recording one arrival writes, in units of that, by the same driver and in processor
 * time of this process and the database:
 * - its effects as separate prepared statements in one transaction: the event, its upload, the message about its state, and
 *   that message's delivery;
 * - the same rows as plain values in one statement, without any rule, which is what the tables and their indexes cost.
 */
export async function measureRecording(url: string): Promise<readonly Ratio[]> {
  const payload = events.NewFileUpload;
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => undefined });
  const ledger = openLedger(url, { clock: Date, random: { key: randomUUID }, targets: [TARGET] });
  const separately = () =>
    sql.begin(async (transaction) => {
      const [id, time] = [randomUUID(), new Date().toISOString()];
      const send = (statement: string, parameters: (string | number | null)[]) =>
        transaction.unsafe(statement, parameters, PREPARED);
      const recorder = randomUUID();
      const told = ['vod.NewFileUpload', null, id, JSON.stringify(payload), time, recorder];
      const fresh = await send(INSERT_EVENT, [randomUUID(), ...told]);
      if (fresh.length === 0) return;
      const media = ['example.mp4', `https://media.example/${id}.mp4`, 10_000_000, time];
      const [upload] = await send(UPSERT_UPLOAD, [`u-${id}`, 'user-42', id, ...media]);
      const stateId = `evt_u-${id}_uploaded`;
      const message = ['upload.uploaded', `u-${id}`, id, JSON.stringify(upload), time, recorder];
      await send(INSERT_EVENT, [stateId, ...message]);
      await send(INSERT_DELIVERY, [stateId, TARGET.id, time]);
    });
  const inOne = () => {
    const id = randomUUID();
    const fields = {
      ...{ fileId: id, name: 'example.mp4', size: 10_000_000 },
      mediaUrl: `https://media.example/${id}.mp4`,
    };
    const change = { fact: 'uploadedForProcessing', method: 'client', owner: 'user-42' } as const;
    return ledger.recordEvent({
      ...{ eventId: randomUUID(), eventType: 'vod.NewFileUpload', fileId: id },
      ...{ payload: { ...payload }, confirmed: true },
      changes: [{ key: { uploadId: `u-${id}` }, ...change, fields }],
    });
  };
  const plain = () => {
    const [id, time, recorder] = [randomUUID(), new Date().toISOString(), randomUUID()];
    const [uploadId, stateId] = [`u-${id}`, `evt_u-${id}_uploaded`];
    const event = [randomUUID(), id, JSON.stringify(payload), time, recorder];
    const upload = [uploadId, `https://media.example/${id}.mp4`];
    return sql.unsafe(PLAIN_ROWS, [...event, ...upload, stateId, MESSAGE, TARGET.id], PREPARED);
  };
  const ratios = await compare(
    [
      { name: 'recorded', run: inOne },
      { name: 'separate statements in a transaction', run: separately },
      { name: 'plain values in one statement', run: plain },
    ],
    meterProcessors(await findPostmaster(url)),
  );
  await ledger.close();
  await sql.end();
  return ratios;
}
