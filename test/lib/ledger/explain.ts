import { randomUUID } from 'node:crypto';
import type { Connection } from '../../../lib/ledger/connection/connection.ts';
import type { Statements } from '../../../lib/ledger/connection/transaction.ts';
import { SMALL_TABLES } from './filled-ledger.ts';

/** What one execution of a statement read and wrote. */
export interface Reading {
  readonly statement: string;
  /** Settings with which it was planned. */
  readonly mode: string;
  /** Rows that it returned or wrote. */
  readonly useful: number;
  /** Rows of growing tables that it read, whether or not they matched. */
  readonly read: number;
  /** Pages of 8 kB that it read. */
  readonly pages: number;
  /** Growing tables that it read from end to end. */
  readonly scanned: readonly string[];
  /** Its plan, to be shown if it is not good enough. */
  readonly plan: string;
}

/** How a session plans: as one of a ledger, and as one behind a pooler, where every statement is planned again. */
export type Mode = 'generic' | 'custom';

const MODES = {
  generic: '',
  custom: `set local plan_cache_mode = force_custom_plan; set local enable_seqscan = on;
    set local enable_bitmapscan = on`,
} as const satisfies Record<Mode, string>;

/**
 * Returns `connection` with each of its statements first executed in each of `modes`, with the same parameters and rolled
 * back; `report` is called with what that read.
 */
export function explainConnection(
  connection: Connection,
  modes: readonly Mode[],
  report: (reading: Reading) => void,
): Connection {
  const watch = (sql: Statements): Statements => ({
    async unsafe(query, parameters = [], options = undefined) {
      for (const mode of modes) {
        report(await explain(sql, mode, query, parameters));
      }
      return sql.unsafe(query, parameters, options);
    },
  });
  return {
    run: (work) => connection.transact((sql) => work(watch(sql))),
    transact: (work) => connection.transact((sql) => work(watch(sql))),
    close: connection.close,
  };
}

async function explain(
  sql: Statements,
  mode: Mode,
  statement: string,
  parameters: readonly (string | number | null)[],
): Promise<Reading> {
  const values = parameters.map((value) =>
    value === null ? 'null' : `'${String(value).replaceAll("'", "''")}'`,
  );
  // A statement that fails leaves its name behind.
  const name = `explained_${randomUUID().replaceAll('-', '')}`;
  const call = values.length === 0 ? name : `${name} (${values.join(', ')})`;
  await sql.unsafe(`savepoint explained; ${MODES[mode]}`);
  await sql.unsafe(`prepare ${name} as ${statement}`);
  const before = await countReads(sql);
  const [row] = await sql.unsafe<{ 'QUERY PLAN': readonly [{ Plan: PlanNode }] }[]>(
    `explain (analyze, buffers, timing off, format json) execute ${call}`,
  );
  const after = await countReads(sql);
  await sql.unsafe(`rollback to savepoint explained; deallocate ${name}`);
  if (row === undefined) throw new Error('A statement has a plan.');
  const { Plan: plan } = row['QUERY PLAN'][0];
  const { read, ...measured } = measure(plan);
  const { fetched, scanned } = compareReads(before, after);
  // The plan does not show what functions read, and the counts not what was read of indexes alone.
  return { statement, mode, ...measured, read: Math.max(read, fetched), scanned };
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Operation?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly Plans?: readonly PlanNode[];
}

function listNodes(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(listNodes)];
}

const isGrowing = (table: string | undefined) => table !== undefined && !SMALL_TABLES.has(table);

function measure(plan: PlanNode): Omit<Reading, 'statement' | 'mode' | 'scanned'> {
  const nodes = listNodes(plan);
  const rows = (node: PlanNode | undefined) =>
    node === undefined ? 0 : node['Actual Rows'] * node['Actual Loops'];
  const writes = nodes.filter((node) => node['Node Type'] === 'ModifyTable');
  const written = writes.reduce((sum, node) => sum + rows(node.Plans?.[0]), 0);
  const scans = nodes.filter(
    (node) => isGrowing(node['Relation Name']) && / Scan$/.test(node['Node Type']),
  );
  const read = scans.reduce((sum, node) => {
    const { 'Rows Removed by Filter': filtered = 0, 'Rows Removed by Index Recheck': recheck = 0 } =
      node;
    return sum + rows(node) + (filtered + recheck) * node['Actual Loops'];
  }, 0);
  return {
    useful: rows(plan) + written,
    read,
    pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
    plan: nodes.map(describe).join('\n'),
  };
}

function describe(node: PlanNode): string {
  const of = [node.Operation, node['Relation Name'], node['Index Name']].filter(Boolean).join(' ');
  const removed = node['Rows Removed by Filter'] ?? 0;
  const pages = node['Shared Hit Blocks'] + node['Shared Read Blocks'];
  return `${node['Node Type']} ${of}: ${node['Actual Rows']} rows × ${node['Actual Loops']}, ${removed} removed, ${pages} pages`;
}

interface TableReads {
  readonly relname: string;
  readonly scans: string;
  readonly rows: string;
}

/** Returns what this transaction has read of each table, in functions and foreign keys too. */
function countReads(sql: Statements): Promise<TableReads[]> {
  return sql.unsafe<TableReads[]>(
    `select relname, seq_scan as scans, seq_tup_read + coalesce(idx_tup_fetch, 0) as rows from pg_stat_xact_user_tables`,
  );
}

function compareReads(before: readonly TableReads[], after: readonly TableReads[]) {
  const earlier = new Map(before.map((each) => [each.relname, each]));
  const growth = (each: TableReads, of: 'scans' | 'rows') =>
    Number(each[of]) - Number(earlier.get(each.relname)?.[of] ?? 0);
  const growing = after.filter(({ relname }) => isGrowing(relname));
  return {
    fetched: growing.reduce((sum, each) => sum + growth(each, 'rows'), 0),
    scanned: growing.filter((each) => growth(each, 'scans') > 0).map(({ relname }) => relname),
  };
}
