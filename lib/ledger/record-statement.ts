import { writeDeliveries } from './fan-out.ts';
import { outboxSql, writeActions } from './outbox.ts';
import {
  CHANGE_COLUMNS,
  type ChangeKinds,
  type UploadChange,
  writeUpserts,
} from './upload-change.ts';

// The first four parameters are those of `writeChanges`, whether or not there are changes.
const INSERT_EVENTS = `insert into events
    (event_id, event_type, sub_app_id, upload_id, file_id, task_id, payload, confirmed, envelope_removed,
      received_at, recorded_by, fanned_out)
    select event_id, event_type, sub_app_id, upload_id, file_id, task_id, payload, confirmed, true,
      coalesce(received_at, $2::timestamptz), $3, $4::text is not null
    from jsonb_to_recordset($5::text::jsonb) as e(event_id text, event_type text, sub_app_id bigint, upload_id text,
      file_id text, task_id text, payload jsonb, confirmed boolean, received_at timestamptz)
    order by event_id
    on conflict (event_id) do nothing
    returning event_id, event_type`;

const CHANGES = `select c.* from jsonb_to_recordset($1::text::jsonb) as c(event_id text, ${CHANGE_COLUMNS})
    join event using (event_id)`;

const EVENTS = 'select event_id, event_type from event';

const ACTIONS = `select event_id, file_id, kind, a.sub_app_id, a.upload_id, detail
    from jsonb_to_recordset($6::text::jsonb)
      as a(event_id text, file_id text, kind text, sub_app_id bigint, upload_id text, detail jsonb)
    join event using (event_id)`;

// Nothing is done to a file that its upload does not have, or that is to be removed.
const WANTED_ACTIONS = `select a.file_id, a.kind, a.sub_app_id, coalesce(c.upload_id, a.upload_id), a.detail from (${ACTIONS}) a
    left join changed c on c.file_id = a.file_id and c.state not in ('cancelled', 'rejected', 'expired', 'deleted')
    where c.upload_id is not null or not exists (select from change where change.event_id = a.event_id)`;

function writeEventsAlone(actions: string | undefined): string {
  const parts = [
    `event as (${INSERT_EVENTS})`,
    ...(actions ? [writeActions(actions)] : []),
    `delivery as (${writeDeliveries(EVENTS, '$2::timestamptz', '$4')})`,
  ];
  return `with ${parts.join(',\n  ')}
    select event_id as event, null as upload_id, null as announced from event where $1::text is not null`;
}

function writeEventsAndChanges(kinds: ChangeKinds, actions: string | undefined): string {
  const parts = [
    `event as (${INSERT_EVENTS})`,
    `change as (${CHANGES})`,
    writeUpserts(kinds),
    outboxSql(kinds, { events: EVENTS, actions }),
  ];
  return `with ${parts.join(',\n  ')}
    select event.event_id as event, announced.event_id as announced, changed.*
    from event left join change using (event_id) left join changed using (key)
      left join announced on announced.upload_id = changed.upload_id`;
}

/** Statements that were written before: each is a few kilobytes long, and there are fourteen. */
const WRITTEN = new Map<string, string>();

/**
 * Returns the statement that records events with such changes. Its parameters are those of `writeChanges`, the events,
 * and, where there are actions, these: what a statement can do costs its share, also where it does nothing.
 */
export function writeRecordStatement(
  changes: readonly UploadChange[],
  withActions: boolean,
): string {
  const byUpload = changes.some(({ key }) => 'uploadId' in key);
  const byFile = changes.some(({ key }) => 'fileId' in key);
  const ofTenant = changes.some((change) => change.ofTenant);
  const name = `${byUpload} ${byFile} ${ofTenant} ${withActions}`;
  const statement =
    WRITTEN.get(name) ??
    (byUpload || byFile
      ? writeEventsAndChanges(
          { byUpload, byFile, ofTenant },
          withActions ? WANTED_ACTIONS : undefined,
        )
      : writeEventsAlone(withActions ? ACTIONS : undefined));
  WRITTEN.set(name, statement);
  return statement;
}
