import { type ClaimedDelivery, readClaimed, selectClaimed } from '../deliveries/deliveries.ts';
import { type LedgerDependencies, query, writeJson, writeTime } from '../query.ts';

/** A call that has recorded events, perhaps in several tries. */
interface Tries {
  /** The random key of the call. */
  readonly recorder: string;
  /** How long deliveries are claimed, if they are. */
  readonly leaseSeconds: number | undefined;
  /** When the claims of each try end. */
  readonly leases: readonly string[];
}

const KNOWN = `select event_id as event from events
  where event_id = any (array(select jsonb_array_elements_text($1::text::jsonb))) and recorded_by = $2`;

// A claim of an earlier try is recognised by the end of its lease. A `case`, since an index of everything that is pending
// would be read instead of that of events.
const CLAIM_OWN = `with own as (
    update deliveries set next_attempt_at = $2::timestamptz
    where event_id = any (array(select jsonb_array_elements_text($1::text::jsonb)))
      and case state when 'pending' then attempts = 1 end
      and next_attempt_at = any (array(select jsonb_array_elements_text($3::text::jsonb)::timestamptz))
    returning event_id, endpoint, attempts, enqueued_at, enqueued_at as due_at
  )
  ${selectClaimed('own')}`;

/** What a call has recorded in a try of which it got no answer. */
interface Own {
  readonly eventIds: ReadonlySet<unknown>;
  readonly claims: readonly ClaimedDelivery[];
}

/**
 * Returns those of these events that an earlier try of the same call has recorded, since a connection may be lost after the
 * work took effect. Their deliveries that it has claimed are claimed again, from now on.
 */
export async function findOwn(
  eventIds: readonly string[],
  { recorder, leaseSeconds, leases }: Tries,
  { connection, clock }: LedgerDependencies,
): Promise<Own> {
  const rows = await query(connection, KNOWN, [writeJson(eventIds), recorder]);
  const own = rows.map((row) => row['event']);
  if (own.length === 0 || leaseSeconds === undefined) {
    return { eventIds: new Set(own), claims: [] };
  }
  const until = writeTime(clock.now() + leaseSeconds * 1_000);
  const parameters = [writeJson(own), until, writeJson(leases)];
  const claimed = await query(connection, CLAIM_OWN, parameters);
  return { eventIds: new Set(own), claims: claimed.map(readClaimed) };
}
