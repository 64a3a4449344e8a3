import type { LedgerDependencies } from './query.ts';
import { hasRows, query, readTime, writeTime } from './query.ts';

/** How far work that goes on for ever has come, and whose turn it is to do what only one may do at a time. */
export interface LeaseLedger {
  /** Returns where the watermark stands, in Unix milliseconds; undefined where nobody has advanced it yet. */
  readWatermark(name: string): Promise<number | undefined>;
  /** Moves the watermark to `at`, Unix milliseconds; never backwards. */
  advanceWatermark(name: string, at: number): Promise<void>;
  /** Returns whether the lease is this ledger's for so long from now: nobody had it, its time was over, or it was so before. */
  acquireLease(name: string, seconds: number): Promise<boolean>;
  /** Gives the lease up, where it is this ledger's. */
  releaseLease(name: string): Promise<void>;
}

const READ = 'select stands_at from marks where name = $1';

const MOVE = `insert into marks as m (name, stands_at) values ($1, $2)
  on conflict (name) do update set stands_at = excluded.stands_at where m.stands_at < excluded.stands_at`;

const ACQUIRE = `insert into leases as l (name, holder, held_until) values ($1, $2, $4)
  on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
  where l.holder = excluded.holder or l.held_until <= $3::timestamptz
  returning name`;

const RELEASE = 'delete from leases where name = $1 and holder = $2';

/** Returns the part of the ledger that keeps watermarks and leases. */
export function createLeaseLedger({ connection, now, randomKey }: LedgerDependencies): LeaseLedger {
  const holder = randomKey();
  return {
    async readWatermark(name) {
      const [row] = await query(connection, READ, [name]);
      return row && readTime(row['stands_at']);
    },
    async advanceWatermark(name, at) {
      await query(connection, MOVE, [name, writeTime(at)]);
    },
    async acquireLease(name, seconds) {
      const at = now();
      const until = writeTime(at + seconds * 1_000);
      return hasRows(connection, ACQUIRE, [name, holder, writeTime(at), until]);
    },
    async releaseLease(name) {
      await query(connection, RELEASE, [name, holder]);
    },
  };
}
