import { type LedgerDependencies, query, type Row, readTime } from './query.ts';

/** Number of waiting items, and since when the oldest one waits: Unix milliseconds, missing if none does. */
interface Waiting {
  readonly count: number;
  readonly oldestAt?: number;
}

/** Work that is still to be done. */
interface Backlog {
  /** Unfinished uploads, by the time at which they became known. */
  readonly uploads: Waiting;
  /** Queued pulls, including claimed ones, by the time at which they are due. */
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

function writeWaiting(name: string, oldest: string, from: string): string {
  return `(select count(*)::integer as ${name}, min(${oldest}) as ${name}_oldest from ${from}) ${name}`;
}

const UNFINISHED = ['issued', 'uploaded', 'processing'];

const BACKLOG = `select * from
  (select count(*)::integer as uploads from uploads where state in ('${UNFINISHED.join("', '")}')) u,
  (select least(${UNFINISHED.map((state) => `(select min(created_at) from uploads where state = '${state}')`).join(', ')})
    as uploads_oldest) o,
  ${writeWaiting('pulls', 'greatest(next_attempt_at, claimed_until)', 'pulls')},
  ${writeWaiting('unconfirmed', 'received_at', 'unconfirmed_events')},
  ${writeWaiting('not_fanned_out', 'received_at', 'events where not fanned_out')},
  (select count(*) filter (where not paused)::integer as deliveries, count(*) filter (where paused)::integer as paused_deliveries,
      min(enqueued_at) filter (where not paused) as deliveries_oldest,
      min(next_attempt_at) filter (where not paused) as due
    from (
      select enqueued_at, next_attempt_at, endpoint in (select endpoint from endpoints where disabled_at is not null) as paused
      from deliveries where state = 'pending'
    ) p) deliveries,
  (select count(*)::integer as paused_endpoints from endpoints where disabled_at is not null) e,
  ${writeWaiting('actions', 'created_at', "media_actions where state = 'pending'")},
  (select count(*)::integer as dead_deliveries from deliveries where state = 'dead') d,
  (select count(*)::integer as dead_actions from media_actions where state = 'dead') a,
  (select count(*)::integer as dead_items from dead_items where state = 'dead') i`;

/** Creates the part of the ledger that counts its backlog. */
export function createBacklogLedger({ connection, now }: LedgerDependencies): BacklogLedger {
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
        lagMilliseconds: Number.isNaN(due) ? 0 : Math.max(0, now() - due),
      };
    },
  };
}

function readWaiting(row: Row, name: string): Waiting {
  const oldestAt = readTime(row[`${name}_oldest`]);
  return { count: Number(row[name]), ...(Number.isNaN(oldestAt) ? {} : { oldestAt }) };
}
