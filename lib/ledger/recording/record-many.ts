import {
  FREE_ENDPOINTS,
  IS_KNOWN,
  outboxSql,
  readTargets,
  writeActions,
  writeFan,
} from '../uploads/outbox.ts';
import { CHANGE_COLUMNS } from '../uploads/upload-row.ts';
import { type ChangeKinds, writeNotPruned, writeUpserts } from '../uploads/upload-upsert.ts';
import {
  ARRIVALS,
  EVENT_NAMES,
  insertEvents,
  selectActions,
  TYPED_EVENT,
  writeWanted,
} from './event-sql.ts';

const ARRIVAL_NAMES = [...ARRIVALS].map((type) => `'${type}'`).join(', ');

const NOT_PRUNED = `case when event_type in (${ARRIVAL_NAMES})
    then ${writeNotPruned('e', 'file_id')} else true end`;

const EVENTS = 'select event_id, event_type from event';

function selectWantedActions(parameter: string): string {
  return `select a.file_id, a.kind, a.sub_app_id, coalesce(c.upload_id, a.upload_id), a.detail
    from (${selectActions(parameter)}) a
    left join changed c on c.file_id = a.file_id and ${writeWanted('c.state')}
    where c.upload_id is not null or not exists (select from change where change.event_id = a.event_id)`;
}

const NEWS = `(${IS_KNOWN} or key in (select key from change join event using (event_id)
    where event_type in (${ARRIVAL_NAMES})))`;

/** What a statement for many events has to do. */
export interface ManyShape {
  readonly kinds: ChangeKinds;
  readonly hasActions: boolean;
  readonly isLeased: boolean;
}

/**
 * Returns the statement that records many events, as rows of JSON: `$1` to `$4` are those of `writeChanges`, `$5` the events,
 * and then the end of the lease and the actions.
 */
export function writeMany({ kinds, hasActions, isLeased }: ManyShape): string {
  const event = insertEvents({
    rows: `select ${EVENT_NAMES}, coalesce(received_at, $2::timestamptz) from jsonb_to_recordset($5::text::jsonb)
      as r(${TYPED_EVENT.map((column) => column.join(' ')).join(', ')}, received_at timestamptz)`,
    ...{ isFannedOut: '$4::text is not null', condition: NOT_PRUNED },
    // Rows are locked in the same order as by other statements.
    ...{ order: 'order by event_id', withContent: isLeased },
  });
  const fan = {
    targets: readTargets('$4'),
    leasedUntil: isLeased ? '$6::timestamptz' : undefined,
  };
  const actions = isLeased ? '$7' : '$6';
  const changing = [
    `change as (select c.* from jsonb_to_recordset($1::text::jsonb) as c(event_id text, ${CHANGE_COLUMNS})
      join event using (event_id))`,
    writeUpserts(kinds),
    outboxSql(kinds, {
      ...{ events: EVENTS, fan, actions: hasActions ? selectWantedActions(actions) : undefined },
      announcing: kinds.byFile ? NEWS : undefined,
    }),
  ];
  const alone = [
    ...(hasActions ? [writeActions(selectActions(actions))] : []),
    writeFan(EVENTS, fan),
  ];
  const isChanging = kinds.byUpload || kinds.byFile;
  const parts = [`event as (${event})`, ...(isChanging ? changing : alone)].join(',\n  ');
  const rows = isChanging
    ? `select event.event_id as event, announced.event_id as announced, changed.upload
      from event left join change using (event_id) left join changed using (key)
      left join announced on announced.upload_id = changed.upload_id`
    : 'select event_id as event, null as announced, null as upload from event where $1::text is not null';
  if (!isLeased) return `with ${parts} ${rows}`;
  // The content of an event is returned once, although it may change many uploads.
  return `with ${parts} select *, null::jsonb as payload, null::jsonb as free from (${rows}) r
    union all select event_id, null, null, payload, ${FREE_ENDPOINTS} from event`;
}
