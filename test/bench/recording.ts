import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { openLedger } from '../../lib/ledger/ledger.ts';
import events from '../fixtures/vod-events.json' with { type: 'json' };
import { compare, type Ratio } from './measure.ts';

const TARGET = { id: 'https://consumer.example', events: ['upload.*'] };
const PREPARED = { prepare: true } as const;

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

/**
 * Measures recording one arrival against its effects as separate prepared statements in one transaction, by the same
 * driver: the event, its upload, the message about its state, and that message's delivery.
 */
export async function measureRecording(url: string): Promise<readonly Ratio[]> {
  const payload = events.NewFileUpload;
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => undefined });
  const ledger = openLedger(url, { now: Date.now, randomKey: randomUUID, targets: [TARGET] });
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
  const ratios = await compare([
    { name: 'separate statements in a transaction', run: separately },
    { name: 'in one statement', run: inOne },
  ]);
  await ledger.close();
  await sql.end();
  return ratios;
}
