import type { PrunedName } from '../../model/retention.ts';
import type { JsonObject } from '../../validation/json-object.ts';
import {
  type LedgerDependencies,
  query,
  type Row,
  readTime,
  writeJson,
  writeTime,
} from '../query.ts';
import { writePage, writeRemoval } from './pruned-tables.ts';

/** Rows that are older than their retention, of one kind. */
export interface PrunablePage {
  /** Rows that can be pruned: their keys and, if asked for, their content. */
  readonly rows: readonly { readonly key: readonly string[]; readonly content?: JsonObject }[];
  /** Time of the last row that was read, prunable or not, in Unix milliseconds; undefined if none was. */
  readonly until?: number;
  /** Whether there are no later ones. */
  readonly isLast: boolean;
}

/** Which rows are read: those of times after `after` and before `before`, in Unix milliseconds. */
export interface PrunableQuery {
  readonly after: number;
  readonly before: number;
  /** The time before which an accepted delivery is too old. */
  readonly deliveredBefore: number;
  /** Whether the content is returned too. */
  readonly withContent: boolean;
}

/** Removal of what is older than its retention. */
export interface PruningLedger {
  /** Returns the oldest rows of a kind; it locks none. Rows of the same time are in one page. */
  findPrunable(name: PrunedName, criteria: PrunableQuery): Promise<PrunablePage>;
  /**
   * Prunes those of these rows that can still be pruned and that nobody is changing; returns how many. Of an event that
   * may be reported again, the id stays; of an upload, what `findPrunedUpload` returns.
   */
  prune(
    name: PrunedName,
    keys: readonly (readonly string[])[],
    criteria: Pick<PrunableQuery, 'before' | 'deliveredBefore'>,
  ): Promise<number>;
}

/** Creates the part of the ledger that prunes it. */
export function createPruningLedger({ connection, clock }: LedgerDependencies): PruningLedger {
  return {
    async findPrunable(name, { after, before, deliveredBefore, withContent }) {
      const times = [after, before, deliveredBefore].map(writeTime);
      const rows = await query(connection, writePage(name, withContent), times);
      const [first] = rows;
      const until = readTime(first?.['until']);
      return {
        rows: rows.filter((row) => row['key'] !== null).map(readPrunable),
        ...(Number.isNaN(until) ? {} : { until }),
        isLast: first?.['is_last'] === true,
      };
    },
    async prune(name, keys, { before, deliveredBefore }) {
      const times = [before, deliveredBefore, clock.now()].map(writeTime);
      const [row] = await query(connection, writeRemoval(name), [writeJson(keys), ...times]);
      return Number(row?.['count']);
    },
  };
}

function readPrunable({ key, content }: Row): PrunablePage['rows'][number] {
  return {
    // Both are made by the statement.
    key: key as readonly string[],
    ...(content === undefined ? {} : { content: content as JsonObject }),
  };
}
