import { type LedgerDependencies, query, type Row, readTime, writeTime } from '../query.ts';

/** An endpoint to which deliveries go, or went. Times are Unix milliseconds. */
export interface LedgerEndpoint {
  readonly endpoint: string;
  /** Since when it is paused, and the error that was the reason; missing if it is not paused. */
  readonly pausedAt?: number;
  readonly pausedReason?: string;
  /** When it last accepted a message, to within about a second; missing if it never did. */
  readonly deliveredAt?: number;
  /** Number of pending deliveries; of more than {@link MAX_COUNTED}, only these are counted. */
  readonly waiting: number;
  /** When the oldest of them was enqueued. */
  readonly waitingSince?: number;
  /** Number of dead deliveries, which can be replayed; counted as `waiting`. */
  readonly dead: number;
}

/** Endpoints, and whether they are paused. */
export interface EndpointLedger {
  /** Returns every endpoint that has, or had, deliveries, in the order of their names. */
  listEndpoints(): Promise<readonly LedgerEndpoint[]>;
  /**
   * Resumes a paused endpoint: it is sent the waiting deliveries, oldest first. Those that are three days old by then
   * are dead. An endpoint that is not paused is not changed.
   */
  resumeEndpoint(endpoint: string): Promise<void>;
}

/** Most deliveries to a paused endpoint that one statement changes: few enough to be done in time. */
const MAX_AT_ONCE = 1_000;

/**
 * Returns the parts of a `with` that maintain the pending deliveries to the endpoints `e` for which `condition` is
 * true: they become due in the order of their age, regardless of earlier attempts, and dead at the age at which
 * deliveries are given up.
 */
export function writePausedCare(condition: string, time: string): string {
  const choose = (
    rows: string,
    order = '',
  ) => `select d.event_id, d.endpoint from endpoints e cross join lateral (
      select event_id, endpoint from deliveries where state = 'pending' and endpoint = e.endpoint and ${rows}
      ${order} limit ${MAX_AT_ONCE} for update skip locked
    ) d
    where ${condition}`;
  return `postponed as (${choose('last_error is not null and next_attempt_at > enqueued_at')}),
  rewound as (
    update deliveries d set next_attempt_at = enqueued_at
    from postponed p where d.event_id = p.event_id and d.endpoint = p.endpoint
      and d.event_id = any (array(select event_id from postponed))
  ),
  outdated as (${choose(
    `next_attempt_at <= ${time} - interval '72 hours'
      and enqueued_at <= ${time} - interval '72 hours' and (last_error is null or next_attempt_at <= enqueued_at)`,
    'order by next_attempt_at',
  )}),
  buried as (
    update deliveries d set state = 'dead', last_error = coalesce(last_error, 'paused'), updated_at = ${time}
    from outdated o where d.event_id = o.event_id and d.endpoint = o.endpoint
      and d.event_id = any (array(select event_id from outdated))
  )`;
}

/** Returns the assignments that resume a paused endpoint at the time `time`. */
export function writeResumption(time: string): string {
  return `disabled_at = null, paused_reason = null, resumed_at = ${time}`;
}

/** Returns the part of a `with` that finds the endpoints of the deliveries in `state`, one by one through an index. */
export function writeNames(name: string, state: string): string {
  return `${name} as (
    select min(endpoint) as endpoint from deliveries where state = '${state}'
    union all
    select (select min(d.endpoint) from deliveries d where d.state = '${state}' and d.endpoint > n.endpoint)
    from ${name} n where n.endpoint is not null
  )`;
}

/** A count stops here: to count a long queue takes longer the longer it is. */
export const MAX_COUNTED = 10_000;

/** A query of what is pending for the endpoint of `n`: `waiting`, and the oldest `waiting_since` and `due`. */
export const WAITING_FOR_ENDPOINT = `select count(*)::integer as waiting, min(enqueued_at) as waiting_since,
      min(next_attempt_at) as due
    from (
      select enqueued_at, next_attempt_at from deliveries d
      where d.state = 'pending' and d.endpoint = n.endpoint order by next_attempt_at limit ${MAX_COUNTED}
    ) d`;

const LIST = `with recursive ${writeNames('waiting', 'pending')},
  ${writeNames('given_up', 'dead')},
  named as (
    select endpoint from waiting union select endpoint from given_up union select endpoint from endpoints
  )
  select n.endpoint, e.disabled_at, e.paused_reason, e.delivered_at, w.waiting, w.waiting_since, g.dead
  from named n left join endpoints e using (endpoint),
    lateral (${WAITING_FOR_ENDPOINT}) w,
    lateral (
      select count(*)::integer as dead from (
        select from deliveries d where d.state = 'dead' and d.endpoint = n.endpoint
        order by updated_at limit ${MAX_COUNTED}
      ) d
    ) g
  where n.endpoint is not null order by n.endpoint`;

const RESUME = `with ${writePausedCare('e.endpoint = $1 and e.disabled_at is not null', '$2::timestamptz')}
  update endpoints set ${writeResumption('$2::timestamptz')} where endpoint = $1 and disabled_at is not null`;

/** Creates the part of the ledger for endpoints. */
export function createEndpointLedger({ connection, clock }: LedgerDependencies): EndpointLedger {
  return {
    async listEndpoints() {
      return (await query(connection, LIST)).map(readEndpoint);
    },
    async resumeEndpoint(endpoint) {
      await query(connection, RESUME, [endpoint, writeTime(clock.now())]);
    },
  };
}

function readEndpoint(row: Row): LedgerEndpoint {
  const { paused_reason: reason } = row;
  const time = (name: string, column: string) =>
    row[column] === null ? {} : { [name]: readTime(row[column]) };
  return {
    endpoint: String(row['endpoint']),
    ...time('pausedAt', 'disabled_at'),
    ...(typeof reason === 'string' ? { pausedReason: reason } : {}),
    ...time('deliveredAt', 'delivered_at'),
    waiting: Number(row['waiting']),
    ...time('waitingSince', 'waiting_since'),
    dead: Number(row['dead']),
  };
}
