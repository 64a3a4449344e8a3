import type { Sql } from 'postgres';

/** The time at which everything was filled in: what is due is due before, what is not is due after. */
export const FILLED_AT = Date.UTC(2026, 0, 1);

/** An endpoint that accepts messages, and one that is paused; each has a quarter of the waiting deliveries. */
export const OPEN_ENDPOINT = 'https://hook-1.example';
export const PAUSED_ENDPOINT = 'https://hook-4.example';

/** Tables that have one row for each application, endpoint or kind of work. All others grow. */
export const SMALL_TABLES: ReadonlySet<string> = new Set([
  ...['endpoints', 'gone_applications', 'leases', 'marks', 'migrations'],
  ...['unconfirmed_counts', 'vod_budgets'],
]);

/** Transactions that recorded the events: fewer than a new server has behind it. */
const TRANSACTIONS = 500;

/** Minutes between two uploads: a year has all of a large ledger. */
const spacingOf = (uploads: number) => Math.min(10, (365 * 24 * 60) / uploads);

/** Returns the time at which half of the uploads had been created, in Unix milliseconds. */
export const halfTimeOf = (uploads: number): number =>
  Math.round(FILLED_AT - (uploads / 2) * spacingOf(uploads) * 60_000);

/** Returns the statements that fill a ledger with the history of `uploads` uploads over a year. */
function writeHistory(uploads: number): readonly string[] {
  const at = `timestamptz '${new Date(FILLED_AT).toISOString()}'`;
  const series = (count: number) => `generate_series(1, ${Math.round(count)}) as i`;
  const ago = (i: string) => `${at} - (${i}) * interval '1 minute'`;
  const spacing = spacingOf(uploads);
  // No application has more absent files in a day than the ledger records.
  const applications = Math.max(20, Math.round(uploads / 4_000));
  // A larger service has more owners, not owners with more uploads.
  const owners = Math.max(200, Math.round(uploads / 500));
  return [
    // One in a thousand came from a live recording, long ago; one in ten thousand is of a second application.
    `insert into uploads (upload_id, method, state, last_fact, owner, file_id, task_id, name, media_url, size, duration,
        created_at, updated_at, expires_at, check_at, arrived_at, sub_app_id)
      select 'u' || i, case when i % 1000 = 999 and i > ${uploads / 2} then 'live' when i % 3 = 0 then 'pull' else 'client' end,
        s.state, 'issued', case when i % 7 > 0 then 'owner' || i % ${owners} end,
        case when s.state not in ('issued', 'expired') then '3877022' || lpad(i::text, 12, '0') end,
        case when i % 3 = 0 then 'task' || i end, 'A film ' || i, 'https://media.example/' || md5(i::text) || '.mp4',
        case when s.state <> 'issued' then 1000000 + i end, 60, ${ago(`i * ${spacing}`)}, ${ago(`(i - 0.5) * ${spacing}`)}, ${ago(`i * ${spacing} - 60`)},
        case when s.state in ('issued', 'uploaded', 'processing', 'ready', 'failed')
          then ${at} + (i - ${uploads / 2}) * ${spacing / 10} * interval '1 minute' end,
        case when s.state <> 'issued' then ${ago(`(i - 0.5) * ${spacing}`)} end, case when i % 10000 = 9999 then 2 else 1 end
      from ${series(uploads)}, lateral (select case when i % 100 = 0 then 'deleted' when i % 100 = 1 then 'failed'
        when i % 100 = 2 then 'rejected' when i % 100 = 3 then 'expired' when i % 100 = 4 then 'cancelled'
        when i % 100 < 25 then 'issued' when i % 100 < 30 then 'uploaded' when i % 100 < 40 then 'processing'
        else 'ready' end as state) s`,
    // Two events for each upload: one of VOD, about its file, and the announcement of its state.
    `insert into events (event_id, event_type, upload_id, file_id, payload, confirmed, received_at, recorded_by, fanned_out, sub_app_id, recorded_in)
      select kind.prefix || upload_id, kind.type, case when kind.prefix = 'evt_' then upload_id end, file_id,
        jsonb_build_object('upload_id', upload_id, 'method', method, 'state', state, 'created_at', created_at, 'updated_at', updated_at,
          'EventType', 'NewFileUpload', 'Text', repeat(md5(upload_id), 5)),
        true, updated_at, 'recorder', updated_at < ${ago(`${(uploads * spacing) / 10}`)}, sub_app_id,
        (${TRANSACTIONS} - substr(upload_id, 2)::bigint * ${TRANSACTIONS} / ${uploads + 1})::text::xid8
      from uploads, (values ('vod-', 'vod.NewFileUpload'), ('evt_', 'upload.ready')) as kind(prefix, type)`,
    // One for each event; the newest half of them waits. A quarter is for a paused endpoint, and a tenth has failed before.
    `insert into deliveries (event_id, endpoint, state, attempts, next_attempt_at, last_error, enqueued_at, updated_at)
      select event_id, 'https://hook-' || n % 4 + 1 || '.example',
        case when n < ${uploads} then 'pending' when n % 50 = 0 then 'dead' else 'delivered' end, case when n % 10 = 0 then 1 else 0 end,
        received_at, case when n % 10 = 0 then 'http_500' end, received_at, received_at
      from (select event_id, received_at, row_number() over (order by received_at desc) as n from events
        where fanned_out) e`,
    `insert into endpoints (endpoint, delivered_at, disabled_at)
      select 'https://hook-' || i || '.example', ${at}, case when i = 4 then ${at} end from ${series(4)}`,
    // One in five is of a paused run.
    `insert into pulls (upload_id, owner, request, next_attempt_at, claimed_until)
      select upload_id, coalesce(owner, 'owner'), '{"MediaUrl": "https://media.example/film.mp4"}',
        case when substr(upload_id, 2)::integer % 5 = 0 then 'infinity' else created_at end, null
      from uploads where state = 'issued'`,
    `insert into unconfirmed_events (event_id, raw, received_at, next_attempt_at, kept_by)
      select 'unconfirmed' || i, '{"EventType": "NewFileUpload"}', ${ago('i')}, ${ago('i')}, 'keeper' from ${series(uploads / 4)}`,
    `insert into media_actions (file_id, kind, upload_id, state, attempts, next_attempt_at, created_at, updated_at, sub_app_id)
      select 'file' || i, case when i % 2 = 0 then 'delete' else 'modify' end, 'u' || i,
        case when i % 50 = 0 then 'dead' when i % 3 = 0 then 'pending' else 'done' end, 1, ${ago('i')}, ${ago('i')}, ${ago('i')}, 1
      from ${series(uploads)}`,
    `insert into dead_items (kind, item_id, state, file_id, attempts, code, reason, first_failed_at, last_failed_at)
      select 'event', 'item' || i, case when i % 3 = 0 then 'failing' else 'dead' end, 'dead' || i, 3, 'internal', 'It failed.',
        ${ago('i')}, ${ago('i')} from ${series(uploads / 4)}`,
    `insert into requests (owner, key, fingerprint, upload_id, created_at, remembered_by)
      select coalesce(owner, 'owner'), upload_id, md5(upload_id), upload_id, created_at, 'recorder' from uploads`,
    `insert into pruned_uploads (upload_id, file_id, sub_app_id, owner, has_media, pruned_at)
      select 'pruned' || i, '3877023' || lpad(i::text, 12, '0'), 1, 'owner' || i % 200, i % 2 = 0, ${ago('i')} from ${series(uploads / 4)}`,
    // Each pull is of a run of a hundred; many more runs are empty.
    `insert into pull_runs (run_id, owner, sub_app_id, name, state, created_at, updated_at, settle_at)
      select 'run' || i, 'owner' || i % ${owners}, 1, 'run' || i, 'open', ${ago('i')}, ${ago('i')},
        case when i % 1000 = 0 then ${ago('i')} end
      from generate_series(0, ${Math.floor(uploads / 5)}) as i`,
    `insert into pull_run_items (run_id, source_id, upload_id, request, added_at)
      select 'run' || i / 300, upload_id, upload_id, '{"mediaUrl": "https://media.example/film.mp4"}', created_at
      from (select upload_id, created_at, substr(upload_id, 2)::integer as i from uploads where method = 'pull') u`,
    `insert into pull_progress (upload_id, percent, asked_at)
      select upload_id, 50, created_at from uploads where method = 'pull'`,
    // Half of the files were sent by programs that report them; one in a hundred is the same file.
    `insert into upload_contents (upload_id, owner, size, sent, crc64)
      select upload_id, owner, size, size, case when i % 100 = 45 then '0' else i::text end
      from (select *, substr(upload_id, 2)::integer as i from uploads where size is not null) u where i % 2 = 1`,
    // What sweeps have asked VOD about within the last hour.
    `insert into check_leases (upload_id, check_at, leased_until)
      select 'u' || i * 10, ${at}, ${at} - interval '1 minute' from generate_series(1, ${Math.min(uploads / 20, 5_000)}) as i`,
    `insert into absent_files (sub_app_id, file_id, source, deletion_told, noted_at)
      select i % ${applications}, 'absent' || i, '{}', i % 2 = 0, ${at} - i % 1000 * interval '1 minute' from ${series(uploads / 4)}`,
    `insert into missing_files (sub_app_id, file_id, looks, missing_since, noted_at)
      select i % ${applications}, 'missing' || i, 2, ${at} - i * interval '1 minute', ${at} - i * interval '1 minute'
      from ${series(uploads / 4)}`,
  ];
}

/**
 * Fills the ledger behind `sql` with `uploads` uploads, and some seven rows for each in other tables. No vacuum runs by
 * itself, so that the server knows no more about the tables than their sizes until they are analyzed.
 */
export async function fillLedger(sql: Sql, uploads: number): Promise<void> {
  const tables = await sql`select tablename as name from pg_tables where schemaname = 'public'`;
  for (const { name } of tables) {
    await sql.unsafe(`alter table ${name} set (autovacuum_enabled = false)`);
  }
  for (const statement of writeHistory(uploads)) await sql.unsafe(statement);
}
