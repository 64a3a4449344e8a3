import type { Connection } from '../connection/connection.ts';
import { query, writeLimit } from '../query.ts';

/** Events of one statement, which takes some tenth of a second. */
const AT_ONCE = 5_000;

// What a snapshot sees was recorded by transactions before its end: any other number is of another server. In their order,
// since this server goes on counting between two steps.
const FORGET = `update events set recorded_in = null
  where event_id = any (array(
    select event_id from events
    where recorded_in is not null and not pruned and recorded_in >= pg_snapshot_xmax(pg_current_snapshot())
    order by recorded_in ${writeLimit(AT_ONCE)}
  ))
  returning event_id`;

/**
 * Takes those events out of the feed that were recorded on another server, from which a dump was restored here, and whose
 * numbers this server has not reached yet: once it has, they would be repeated among the new ones. Returns how many.
 */
export async function forgetForeignOrder(connection: Connection): Promise<number> {
  let count = 0;
  for (let last = AT_ONCE; last > 0; count += last) {
    last = (await query(connection, FORGET)).length;
  }
  return count;
}
