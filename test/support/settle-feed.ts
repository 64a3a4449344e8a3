import type { Sql } from 'postgres';
import { expect } from 'vitest';
import { until } from './until.ts';

/**
 * Resolves when the feed has all events of this database: those after the oldest open transaction of the server wait for
 * its end, and other test files use the same server.
 */
export async function settleFeed(sql: Sql): Promise<void> {
  await until(async () => {
    const [row] = await sql`
      select not exists (
        select from events where recorded_in >= pg_snapshot_xmin(pg_current_snapshot())
      ) as is_settled`;
    expect(row?.['is_settled']).toBe(true);
  });
}
