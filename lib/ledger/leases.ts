import type { LedgerDependencies } from './query.ts';
import { hasRows, query, readTime, writeTime } from './query.ts';

/** Watermarks of continuous work, and leases for work that only one process may do at a time. */
export interface LeaseLedger {
  /** Returns the watermark in Unix milliseconds; undefined if it was never advanced. */
  readWatermark(name: string): Promise<number | undefined>;
  /** Moves the watermark to `at`, Unix milliseconds; never backwards. */
  advanceWatermark(name: string, at: number): Promise<void>;
  /** Moves the watermark to `at`, Unix milliseconds, in any direction. */
  resetWatermark(name: string, at: number): Promise<void>;
  /** Returns whether this ledger now has the lease for `seconds`: it was free, had expired, or was already its own. */
  acquireLease(name: string, seconds: number): Promise<boolean>;
  /** Releases the lease, if this ledger has it. */
  releaseLease(name: string): Promise<void>;
}

const READ = 'select stands_at from marks where name = $1';

const MOVE = `insert into marks as m (name, stands_at) values ($1, $2)
  on conflict (name) do update set stands_at = excluded.stands_at where m.stands_at < excluded.stands_at`;

const RESET = `insert into marks (name, stands_at) values ($1, $2)
  on conflict (name) do update set stands_at = excluded.stands_at`;

const ACQUIRE = `insert into leases as l (name, holder, held_until) values ($1, $2, $4)
  on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
  where l.holder = excluded.holder or l.held_until <= $3::timestamptz
  returning name`;

const RELEASE = 'delete from leases where name = $1 and holder = $2';

/** Creates the part of the ledger for watermarks and leases. */
export function createLeaseLedger({ connection, clock, random }: LedgerDependencies): LeaseLedger {
  const holder = random.key();
  return {
    async readWatermark(name) {
      const [row] = await query(connection, READ, [name]);
      return row && readTime(row['stands_at']);
    },
    async advanceWatermark(name, at) {
      await query(connection, MOVE, [name, writeTime(at)]);
    },
    async resetWatermark(name, at) {
      await query(connection, RESET, [name, writeTime(at)]);
    },
    async acquireLease(name, seconds) {
      const at = clock.now();
      const until = writeTime(at + seconds * 1_000);
      return hasRows(connection, ACQUIRE, [name, holder, writeTime(at), until]);
    },
    async releaseLease(name) {
      await query(connection, RELEASE, [name, holder]);
    },
  };
}
