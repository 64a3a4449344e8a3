import type { ItemKind, ItemName } from '../../model/item-name.ts';
import { MAX_PAGE_ITEMS } from '../../validation/limits.ts';
import type { Page } from '../page.ts';
import { type PageQuery, takePage, writePlace } from '../page.ts';
import type { LedgerDependencies } from '../query.ts';
import {
  cleanText,
  type Parameters,
  query,
  type Row,
  readTime,
  writeLimit,
  writeTime,
} from '../query.ts';

/** An item that failed because of the item itself. */
export interface ItemFailure extends ItemName {
  /** Application of VOD that it belongs to; missing if the configuration names none. */
  readonly subAppId?: number | undefined;
  readonly fileId?: string | undefined;
  readonly code: string;
  /** A sentence that does not quote the item. */
  readonly reason: string;
  /** What is needed to retry it, as a JSON text. */
  readonly content?: string | undefined;
}

/** Result of counting a failure. */
export interface CountedFailure {
  /** Failures so far, including this one; after a day without any, counting starts again. */
  readonly attempts: number;
  /** Whether it is not to be retried. */
  readonly isDead: boolean;
  /** Whether this failure made it dead. */
  readonly isNews: boolean;
}

/** A dead item. */
interface DeadItem extends ItemName {
  readonly subAppId?: number;
  readonly fileId?: string;
  readonly attempts: number;
  readonly code: string;
  readonly reason: string;
  /** Unix milliseconds. */
  readonly firstFailedAt: number;
  /** Unix milliseconds. */
  readonly diedAt: number;
}

/** Items that could not be processed because of the items themselves. */
export interface DeadItemLedger {
  /**
   * Counts a failure; the item is dead once it has failed `mostTries` times. If an answer of the database is lost, a
   * failure may be counted twice.
   */
  countItemFailure(failure: ItemFailure, mostTries: number): Promise<CountedFailure>;
  /**
   * Latest first.
   *
   * @throws {Problem} `invalid_request` if the cursor is not from this list.
   */
  listDeadItems(page: PageQuery): Promise<Page<DeadItem>>;
  /** Returns a dead item with what is needed to retry it; undefined if there is none. */
  findDeadItem(item: ItemName): Promise<Omit<ItemFailure, 'code' | 'reason'> | undefined>;
  /** Removes an item from the list, together with its count of failures. */
  dropDeadItem(item: ItemName): Promise<void>;
}

// After a day without a failure, a new one has another cause.
const IS_ANEW = "(d.state = 'failing' and d.last_failed_at < $8::timestamptz - interval '1 day')";

const FAIL = `with before as (
    select state from dead_items where kind = $1 and item_id = $2
  ),
  failed as (
    insert into dead_items as d
      (kind, item_id, state, sub_app_id, file_id, attempts, code, reason, content, first_failed_at, last_failed_at)
    values ($1, $2, case when $9::integer <= 1 then 'dead' else 'failing' end, $3::bigint, $4, 1, $5, $6, $7,
      $8::timestamptz, $8::timestamptz)
    on conflict (kind, item_id) do update set
      attempts = case when ${IS_ANEW} then 1 else d.attempts + 1 end,
      first_failed_at = case when ${IS_ANEW} then excluded.first_failed_at else d.first_failed_at end,
      state = case when d.state = 'dead' or case when ${IS_ANEW} then 1 else d.attempts + 1 end >= $9::integer
        then 'dead' else 'failing' end,
      code = excluded.code, reason = excluded.reason, content = coalesce(excluded.content, d.content),
      file_id = coalesce(excluded.file_id, d.file_id), last_failed_at = excluded.last_failed_at
    returning attempts, state
  )
  select attempts, state, (select state from before) as state_before from failed`;

const LIST = `select * from (
    select kind, item_id, sub_app_id, file_id, attempts, code, reason, first_failed_at, last_failed_at
    from dead_items
    where state = 'dead' and (last_failed_at, kind, item_id) < ($2, $3, $4)
    order by last_failed_at desc, kind desc, item_id desc ${writeLimit(MAX_PAGE_ITEMS + 1)}
  ) page order by last_failed_at desc, kind desc, item_id desc limit $1`;

const FIND = `select kind, item_id, sub_app_id, file_id, content from dead_items
  where kind = $1 and item_id = $2 and state = 'dead'`;

const DROP = 'delete from dead_items where kind = $1 and item_id = $2';

/** Creates the part of the ledger for dead items. */
export function createDeadItemLedger({ connection, clock }: LedgerDependencies): DeadItemLedger {
  return {
    async countItemFailure({ kind, id, subAppId, fileId, code, reason, content }, mostTries) {
      const what: Parameters = [kind, id, subAppId ?? null, fileId ? cleanText(fileId) : null];
      const why: Parameters = [code, cleanText(reason), content ?? null, writeTime(clock.now())];
      const [row = {}] = await query(connection, FAIL, [...what, ...why, mostTries]);
      const isDead = row['state'] === 'dead';
      const isNews = isDead && row['state_before'] !== 'dead';
      return { attempts: Number(row['attempts']), isDead, isNews };
    },
    async listDeadItems({ limit, cursor }) {
      const rows = await query(connection, LIST, [limit + 1, ...writePlace(cursor, 3)]);
      return takePage(rows.map(readDead), limit, (last) => [last.diedAt, last.kind, last.id]);
    },
    async findDeadItem({ kind, id }) {
      const [row] = await query(connection, FIND, [kind, id]);
      const content = row?.['content'];
      return row && { ...readName(row), ...(typeof content === 'string' ? { content } : {}) };
    },
    async dropDeadItem({ kind, id }) {
      await query(connection, DROP, [kind, id]);
    },
  };
}

function readName(row: Row) {
  const { sub_app_id: subAppId, file_id: fileId } = row;
  return {
    // A constraint of the table allows only these values.
    kind: row['kind'] as ItemKind,
    id: String(row['item_id']),
    ...(subAppId === null ? {} : { subAppId: Number(subAppId) }),
    ...(typeof fileId === 'string' ? { fileId } : {}),
  };
}

function readDead(row: Row): DeadItem {
  return {
    ...readName(row),
    attempts: Number(row['attempts']),
    code: String(row['code']),
    reason: String(row['reason']),
    firstFailedAt: readTime(row['first_failed_at']),
    diedAt: readTime(row['last_failed_at']),
  };
}
