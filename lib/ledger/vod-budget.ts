import type { LeaseCalls } from '../model/call-lease.ts';
import type { LedgerDependencies } from './query.ts';
import { query } from './query.ts';

/** The budget of VOD's API calls, which all instances share. */
export interface VodBudgetLedger {
  /** Leases calls, each for a moment of its own. */
  readonly leaseVodCalls: LeaseCalls;
}

// The database's clock decides, since the clocks of instances differ by more than the time between two calls.
const LEASE = `select leased, spacing, spare_leased, spare_period,
    extract(epoch from starts_at)::double precision * 1000 as starts_at,
    extract(epoch from read_at)::double precision * 1000 as read_at
  from (select clock_timestamp() as read_at offset 0) c, lease_vod_calls(
    $1, read_at, $2::integer, $3::double precision * interval '1 millisecond', $4::double precision,
    $5::double precision, $6::integer, $7::integer, $8::integer, $9::bigint, $10::text::boolean
  ) l`;

/** Creates the part of the ledger for the budget of calls. */
export function createVodBudgetLedger({ connection }: LedgerDependencies): VodBudgetLedger {
  return {
    async leaseVodCalls(request) {
      const { action, calls, longest, perSecond, backgroundPerSecond = null } = request;
      const { spares, mostSpare, made, refused = false } = request;
      const terms = [action, calls, longest, perSecond, backgroundPerSecond];
      const counts = [spares, mostSpare, made.count, made.period, String(refused)];
      const [row = {}] = await query(connection, LEASE, [...terms, ...counts]);
      return {
        count: Number(row['leased']),
        startsAt: Number(row['starts_at']),
        spacing: Number(row['spacing']),
        spares: Number(row['spare_leased']),
        period: Number(row['spare_period']),
        at: Number(row['read_at']),
      };
    },
  };
}
