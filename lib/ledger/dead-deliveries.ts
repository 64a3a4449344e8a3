import { ask, type Row } from './ask.ts';
import type { Connection } from './connection.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { EVENTS_OF_UPLOAD } from './timeline.ts';
import { readTime, writeTime } from './upload-row.ts';
import type { Page } from './uploads.ts';

/** A delivery that was given up. */
interface DeadDelivery {
  readonly eventId: string;
  readonly endpoint: string;
  readonly eventType: string;
  readonly attempts: number;
  readonly lastError: string;
  /** Unix milliseconds. */
  readonly diedAt: number;
}

/** What was given up, and how it is taken up again. Whatever is replayed enables its endpoint again. */
export interface DeadDeliveryLedger {
  /**
   * Latest first.
   *
   * @throws {Problem} `invalid_request` where the cursor is none of this list.
   */
  listDead(query: {
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<DeadDelivery>>;
  /** Makes a dead delivery due at once; answers whether there was one. */
  replay(delivery: Pick<DeadDelivery, 'eventId' | 'endpoint'>): Promise<boolean>;
  /** Makes all dead deliveries of one upload due at once; answers how many there were. */
  replayUpload(uploadId: string): Promise<number>;
}

const LIST = `select event_id, endpoint, event_type, attempts, last_error, d.updated_at
  from deliveries d join events using (event_id)
  where d.state = 'dead' and (d.updated_at, event_id, endpoint) < ($2, $3, $4)
  order by d.updated_at desc, event_id desc, endpoint desc limit $1`;

/** Later than anything can have died. */
const END_OF_TIME = '9999-12-31T00:00:00.000Z';

function writeReplay(condition: string, time: string): string {
  return `with replayed as (
      update deliveries d set state = 'pending', attempts = 0, last_error = null, next_attempt_at = ${time},
        enqueued_at = ${time}, updated_at = ${time}
      where state = 'dead' and ${condition} returning endpoint
    ),
    enabled as (
      update endpoints e set disabled_at = null where disabled_at is not null and endpoint in (select endpoint from replayed)
    )
    select endpoint from replayed`;
}

const REPLAY = writeReplay('event_id = $1 and endpoint = $2', '$3::timestamptz');

const REPLAY_UPLOAD = writeReplay(
  `event_id in (select event_id from (${EVENTS_OF_UPLOAD}) e)`,
  '$2::timestamptz',
);

/** Answers the part of the ledger that keeps what was given up. */
export function createDeadDeliveryLedger(
  connection: Connection,
  now: () => number,
): DeadDeliveryLedger {
  return {
    async listDead({ limit, cursor }) {
      const [time, eventId = '', endpoint = ''] = cursor === undefined ? [] : readCursor(cursor, 3);
      const before = time === undefined ? END_OF_TIME : writeTime(time);
      const rows = await ask(connection, LIST, [limit + 1, before, eventId, endpoint]);
      const items = rows.slice(0, limit).map(readDead);
      const last = items.at(-1);
      if (rows.length <= limit || last === undefined) return { items };
      return { items, cursor: writeCursor([last.diedAt, last.eventId, last.endpoint]) };
    },
    async replay({ eventId, endpoint }) {
      const rows = await ask(connection, REPLAY, [eventId, endpoint, writeTime(now())]);
      return rows.length > 0;
    },
    async replayUpload(uploadId) {
      return (await ask(connection, REPLAY_UPLOAD, [uploadId, writeTime(now())])).length;
    },
  };
}

function readDead(row: Row): DeadDelivery {
  return {
    eventId: String(row['event_id']),
    endpoint: String(row['endpoint']),
    eventType: String(row['event_type']),
    attempts: Number(row['attempts']),
    lastError: String(row['last_error'] ?? ''),
    diedAt: readTime(row['updated_at']),
  };
}
