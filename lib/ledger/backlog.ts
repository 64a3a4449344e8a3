import { MAX_COUNTED, WAITING_FOR_ENDPOINT, writeNames } from './deliveries/endpoints.ts';
import { type LedgerDependencies, query, type Row, readTime, writeInState } from './query.ts';
import { UNFINISHED_STATES } from './uploads/upload-row.ts';

/**
 * Number of waiting items, and since when the oldest one waits: Unix milliseconds, missing if none does. Of more than
 * {@link MAX_COUNTED}, only those that are due first are counted; deliveries are counted for each endpoint, and uploads
 * for each state.
 */
interface Waiting {
  readonly count: number;
  readonly oldestAt?: number;
}

/** Work that is still to be done. */
interface Backlog {
  /** Unfinished uploads, by the time at which they became known. */
  readonly uploads: Waiting;
  /** Queued pulls, including claimed ones and without those of paused runs, by the time at which they are due. */
  readonly pulls: Waiting;
  /** Events that are not confirmed yet, by the time at which they were received. */
  readonly unconfirmed: Waiting;
  /** Events whose deliveries are still to be enqueued, by the time at which they were received. */
  readonly notFannedOut: Waiting;
  /** Pending deliveries to endpoints that are not paused, by the time at which they were enqueued. */
  readonly deliveries: Waiting;
  /** Pending deliveries to paused endpoints. */
  readonly pausedDeliveries: number;
  readonly pausedEndpoints: number;
  readonly deadDeliveries: number;
  /** Actions on media, by the time at which they were scheduled. */
  readonly actions: Waiting;
  readonly deadActions: number;
  /** Dead items of all kinds, including dead actions. */
  readonly deadItems: number;
  /** Milliseconds since the most overdue delivery became due. */
  readonly lagMilliseconds: number;
}

/** The backlog of the ledger. */
export interface BacklogLedger {
  readBacklog(): Promise<Backlog>;
}

/**
 * Returns the columns `name` and `name_oldest` of the rows of `from` that are first in the order of `dueAt`, without those at
 * infinity.
 */
function writeWaiting(name: string, oldest: string, from: string, dueAt: string): string {
  return `(
    select count(*)::integer as ${name}, min(oldest) as ${name}_oldest
    from (select ${oldest} as oldest from ${from} order by ${dueAt} limit ${MAX_COUNTED}) w where oldest < 'infinity'
  ) ${name}`;
}

/** Returns the column `name`, the number of rows of `from`; an index has them in the order of `order`. */
function writeCount(name: string, from: string, order: string): string {
  return `(
    select count(*)::integer as ${name} from (select from ${from} order by ${order} limit ${MAX_COUNTED}) c
  ) ${name}`;
}

const UPLOADS = UNFINISHED_STATES.map(
  (state) => `select created_at from (
      select created_at from uploads where ${writeInState(state)}
      order by state desc, created_at, upload_id limit ${MAX_COUNTED}
    ) ${state}`,
).join(' union all ');

const PULL_DUE_AT = 'greatest(next_attempt_at, claimed_until)';

const BACKLOG = `with recursive ${writeNames('names', 'pending')}
  select * from
  (select count(*)::integer as uploads, min(created_at) as uploads_oldest from (${UPLOADS}) s) uploads,
  ${writeWaiting('pulls', PULL_DUE_AT, 'pulls', `${PULL_DUE_AT}, pull_id`)},
  ${writeWaiting('unconfirmed', 'received_at', 'unconfirmed_events', 'next_attempt_at')},
  ${writeWaiting('not_fanned_out', 'received_at', 'events where not fanned_out', 'received_at')},
  (select coalesce(sum(waiting) filter (where not paused), 0) as deliveries,
      coalesce(sum(waiting) filter (where paused), 0) as paused_deliveries,
      min(waiting_since) filter (where not paused) as deliveries_oldest,
      min(due) filter (where not paused) as due
    from (
      select w.*, exists (select from endpoints e where e.endpoint = n.endpoint and disabled_at is not null) as paused
      from names n, lateral (${WAITING_FOR_ENDPOINT}) w where n.endpoint is not null
    ) p) deliveries,
  (select count(*)::integer as paused_endpoints from endpoints where disabled_at is not null) e,
  ${writeWaiting('actions', 'created_at', "media_actions where state = 'pending'", 'next_attempt_at')},
  ${writeCount('dead_deliveries', "deliveries where state = 'dead'", 'updated_at desc, event_id desc, endpoint desc')},
  ${writeCount('dead_actions', "media_actions where state = 'dead'", 'updated_at')},
  ${writeCount('dead_items', "dead_items where state = 'dead'", 'last_failed_at desc, kind desc, item_id desc')}`;

/** Creates the part of the ledger that counts its backlog. */
export function createBacklogLedger({ connection, clock }: LedgerDependencies): BacklogLedger {
  return {
    async readBacklog() {
      const [row = {}] = await query(connection, BACKLOG);
      const due = readTime(row['due']);
      return {
        uploads: readWaiting(row, 'uploads'),
        pulls: readWaiting(row, 'pulls'),
        unconfirmed: readWaiting(row, 'unconfirmed'),
        notFannedOut: readWaiting(row, 'not_fanned_out'),
        deliveries: readWaiting(row, 'deliveries'),
        pausedDeliveries: Number(row['paused_deliveries']),
        pausedEndpoints: Number(row['paused_endpoints']),
        deadDeliveries: Number(row['dead_deliveries']),
        actions: readWaiting(row, 'actions'),
        deadActions: Number(row['dead_actions']),
        deadItems: Number(row['dead_items']),
        lagMilliseconds: Number.isNaN(due) ? 0 : Math.max(0, clock.now() - due),
      };
    },
  };
}

function readWaiting(row: Row, name: string): Waiting {
  const oldestAt = readTime(row[`${name}_oldest`]);
  return { count: Number(row[name]), ...(Number.isNaN(oldestAt) ? {} : { oldestAt }) };
}
