import type { Connection } from './connection.ts';
import { readTime, type UploadRow } from './upload-row.ts';

/** How much waits, and since when: Unix milliseconds, missing where nothing does. */
interface Waiting {
  readonly count: number;
  readonly oldestAt?: number;
}

/** What is still to be done. */
interface Backlog {
  /** Uploads that may still become something; by the time that they were last heard of. */
  readonly uploads: Waiting;
  /** Queued pulls, claimed ones included; by the time that they are due. */
  readonly pulls: Waiting;
  /** Deliveries to be made; by the time that they were asked for. */
  readonly deliveries: Waiting;
  readonly deadDeliveries: number;
  /** How long the delivery that is most overdue has been so, in milliseconds. */
  readonly lagMilliseconds: number;
}

/** What the ledger knows of its own backlog. */
export interface BacklogLedger {
  readBacklog(): Promise<Backlog>;
}

const BACKLOG = `select * from
  (select count(*)::integer as uploads, min(updated_at) as oldest_upload from uploads
    where state in ('issued', 'uploaded', 'processing')) u,
  (select count(*)::integer as pulls, min(greatest(next_attempt_at, claimed_until)) as oldest_pull from pulls) p,
  (select count(*)::integer as deliveries, min(enqueued_at) as oldest_delivery, min(next_attempt_at) as due
    from deliveries where state = 'pending') d,
  (select count(*)::integer as dead from deliveries where state = 'dead') x`;

/** Answers the part of the ledger that counts what waits. */
export function createBacklogLedger(connection: Connection, now: () => number): BacklogLedger {
  return {
    async readBacklog() {
      const [row] = await connection.run<UploadRow[]>((sql) =>
        sql.unsafe(BACKLOG, [], { prepare: true }),
      );
      const due = readTime(row?.['due']);
      return {
        uploads: readWaiting(row, 'uploads', 'oldest_upload'),
        pulls: readWaiting(row, 'pulls', 'oldest_pull'),
        deliveries: readWaiting(row, 'deliveries', 'oldest_delivery'),
        deadDeliveries: Number(row?.['dead'] ?? 0),
        lagMilliseconds: Number.isNaN(due) ? 0 : Math.max(0, now() - due),
      };
    },
  };
}

function readWaiting(row: UploadRow | undefined, count: string, oldest: string): Waiting {
  const oldestAt = readTime(row?.[oldest]);
  return {
    count: Number(row?.[count] ?? 0),
    ...(Number.isNaN(oldestAt) ? {} : { oldestAt }),
  };
}
