import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import postgres from 'postgres';
import { type Ledger, openLedger } from '../../lib/ledger/ledger.ts';
import type { EventRecord } from '../../lib/ledger/recording/event-record.ts';
import { applyMigrations } from '../../lib/ledger/schema/migrate.ts';
import type { UploadChange } from '../../lib/ledger/uploads/upload-row.ts';
import type { Quotas } from '../../lib/model/quotas.ts';
import { openLocalDatabase } from '../../tools/local/database.ts';
import events from '../fixtures/vod-events.json' with { type: 'json' };
import { compare, type Ratio } from './measure.ts';
import { findPostmaster, meterProcessors } from './processor-time.ts';

/** Events of a batch. */
export const BATCH_SIZE = 500;
const TARGETS = [{ id: 'https://consumer.example', events: ['upload.*'] }];

/** The columns of an event, without the ledger's other indexes. */
const BARE_TABLE = `create table bare_events (
  event_id text primary key, event_type text not null, upload_id text, file_id text, task_id text,
  payload jsonb not null, confirmed boolean not null, received_at timestamptz not null, recorded_by text not null,
  fanned_out boolean not null
)`;

const BARE_INSERT = `insert into bare_events values ($1, $2, $3, $4, $5, $6::text::jsonb, true, $7, $8, true)`;

/** Opens a PostgreSQL with the ledger's tables that waits for its disk, as it does in production. */
export async function openDatabase() {
  const folder = await mkdtemp(join(tmpdir(), 'vod-upload-bench-'));
  // As root, the server runs as another user, who needs access to the folder.
  await chmod(folder, 0o755);
  const server = await openLocalDatabase(folder, { databaseUrl: '' });
  await applyMigrations(server.url);
  const close = async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { url: server.url, close };
}

/** Runs `work` with the URL of such a database, which is deleted afterwards. */
export async function withDatabase<Result>(
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const { url, close } = await openDatabase();
  try {
    return await work(url);
  } finally {
    await close();
  }
}

/**
 * Measures events that are recorded one by one, and in units of that a bare insert of the same events by the same driver, and
 * a batch of {@link BATCH_SIZE} events; in processor time of this process and the database.
 */
export async function measureEvents(url: string): Promise<readonly Ratio[]> {
  const payload = events.NewFileUpload;
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => undefined });
  await sql.unsafe(BARE_TABLE);
  const ledger = openLedger(url, { clock: Date, random: { key: randomUUID }, targets: TARGETS });

  const insertBare = () => {
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    const texts = ['vod.NewFileUpload', ...ids, JSON.stringify(payload)];
    const parameters = [randomUUID(), ...texts, new Date().toISOString(), randomUUID()];
    return sql.unsafe(BARE_INSERT, parameters, { prepare: true });
  };
  const changing = [createLives(payload), createLives(payload)] as const;
  const ratios = await compare(
    [
      { name: 'one by one', run: () => ledger.recordEvent(changing[0](1)[0]) },
      { name: 'bare prepared insert', run: insertBare },
      { name: `in batches of ${BATCH_SIZE}`, run: () => recordBatch(ledger, changing[1]) },
    ],
    meterProcessors(await findPostmaster(url)),
  );
  await ledger.close();
  await sql.end();
  return ratios;
}

/** Quotas that no measurement exceeds. */
const QUOTAS = { signaturesPerMinute: 1e9, openUploads: 1e9, bytesPerDay: 1e15 };

/**
 * Measures an upload that is issued within quotas against one without. The usage is counted again for every upload, so
 * the uploads come from as many owners as an instance may see.
 */
export async function measureQuotas(url: string): Promise<readonly Ratio[]> {
  const ledger = openLedger(url, { clock: Date, random: { key: randomUUID } });
  let count = 0;
  const next = () => {
    count += 1;
    const owner = `user-${count % 1_000}`;
    const fields = { expiresAt: Date.now() + 3_600_000 };
    return { uploadId: randomUUID(), method: 'client', owner, fields } as const;
  };
  const within = (quotas: Quotas) => () => {
    const upload = next();
    return ledger.issueWithin(upload.owner, quotas, [upload]);
  };
  const ratios = await compare([
    { name: 'without quotas', run: () => ledger.issueUpload(next()) },
    { name: 'with signaturesPerMinute', run: within({ signaturesPerMinute: 1e9 }) },
    { name: 'with all three', run: within(QUOTAS) },
    { name: 'refused', run: within({ signaturesPerMinute: 1 }) },
  ]);
  await ledger.close();
  return ratios;
}

/** The cost of enqueuing pulls. */
interface QueueCost {
  /** The largest growth of the heap, in bytes, after the first twentieth of them was enqueued. */
  readonly heapGrowth: number;
  readonly pullsPerSecond: number;
}

/** Measures the enqueuing of this number of pulls from a list that is generated while it is read. */
export async function measureQueue(url: string, pulls: number): Promise<QueueCost> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const ledger = openLedger(url, { clock: Date, random: { key: randomUUID }, targets: TARGETS });
  const used: number[] = [];
  const look = () => {
    collect();
    used.push(process.memoryUsage().heapUsed);
  };
  function* generate() {
    for (let i = 0; i < pulls; i += 1) {
      if (i % Math.ceil(pulls / 20) === 0) look();
      const mediaUrl = `https://media.example/${i}.mp4`;
      const uploadId = randomUUID();
      yield {
        ...{ uploadId, owner: 'user-42' },
        request: { MediaUrl: mediaUrl, SessionId: uploadId },
        fields: { mediaUrl },
      };
    }
  }
  const startedAt = performance.now();
  await ledger.enqueuePulls(generate());
  const seconds = (performance.now() - startedAt) / 1_000;
  await ledger.close();
  const [, first = 0, ...later] = used;
  return {
    heapGrowth: Math.max(...later) - first,
    pullsPerSecond: Math.round(pulls / seconds),
  };
}

type Lives = (count: number) => [EventRecord, ...EventRecord[]];

/** Returns a function whose calls describe a number of new uploads, and then the same uploads as ready. */
function createLives(payload: object): Lives {
  let begun: readonly string[] = [];
  return (count) => {
    const [ending, next] = begun.length > 0 ? [begun, []] : [[], makeIds(count)];
    begun = next;
    const told = [
      ...ending.map((id) =>
        writeRecord(payload, id, [{ key: { fileId: id }, fact: 'processingSucceeded' }]),
      ),
      ...next.map((id) => writeRecord(payload, id, [arrive(id)])),
    ];
    const [first, ...rest] = told;
    if (first === undefined) throw new RangeError('There is nothing to tell.');
    return [first, ...rest];
  };
}

function makeIds(count: number): readonly string[] {
  return Array.from({ length: count }, () => randomUUID());
}

function arrive(id: string): UploadChange {
  const fields = {
    fileId: id,
    name: 'example.mp4',
    mediaUrl: `https://media.example/${id}.mp4`,
    size: 10_000_000,
  };
  return {
    key: { uploadId: `u-${id}` },
    fact: 'uploadedForProcessing',
    method: 'client',
    owner: 'user-42',
    fields,
  };
}

function writeRecord(
  payload: object,
  fileId: string,
  changes: readonly UploadChange[],
): EventRecord {
  return {
    eventId: randomUUID(),
    eventType: 'vod.NewFileUpload',
    fileId,
    payload: { ...payload },
    confirmed: true,
    changes,
  };
}

function recordBatch(ledger: Ledger, lives: Lives) {
  return ledger.recordEvents(lives(BATCH_SIZE));
}
