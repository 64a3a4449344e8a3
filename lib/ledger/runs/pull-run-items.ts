import type { RunItemState } from '../../model/pull-run.ts';
import type { JsonObject } from '../../validation/json-object.ts';
import { type Page, type PageQuery, readCursor, writeCursor } from '../page.ts';
import {
  cleanText,
  type LedgerDependencies,
  query,
  type Row,
  readTime,
  writeJson,
  writeTime,
} from '../query.ts';
import {
  ADD_ITEMS,
  COUNT_ITEMS,
  COUNTED_AT_ONCE,
  REFUSE_ITEMS,
  writeItemPage,
} from './pull-run-statements.ts';

/** An item that is to be added to a run. */
export interface NewRunItem {
  /** The caller's name for its source. */
  readonly id: string;
  /** The upload that it gets if it is new. */
  readonly uploadId: string;
  readonly request: JsonObject;
}

/** An item of which another attempt is pointless until something changes. */
export interface RefusedRunItem {
  readonly id: string;
  /** The upload that it would have had; undefined if it never had one. */
  readonly uploadId: string | undefined;
  /** Missing if it stays as it is. */
  readonly request?: JsonObject;
  readonly problem: JsonObject;
}

/** What an item has become. */
export interface AddedRunItem {
  /** Its upload: another one than asked for if it was known. */
  readonly uploadId: string;
  readonly state: RunItemState;
  /** Undefined if its upload does not exist yet, in Unix milliseconds. */
  readonly createdAt?: number;
  /** Application of VOD of its upload. */
  readonly subAppId?: number;
}

/** An item of a run. */
export interface RunItem {
  readonly id: string;
  readonly state: RunItemState;
  readonly uploadId?: string;
  readonly attempts: number;
  /** Present if it is asked for. */
  readonly request?: JsonObject;
  readonly fileId?: string;
  readonly mediaUrl?: string;
  readonly size?: number;
  readonly duration?: number;
  readonly problem?: JsonObject;
}

/** Number of items in one state and, if they failed, for one reason. */
export interface RunCount {
  readonly state: RunItemState;
  /** Code of the problem, and VOD's own code after it. */
  readonly reason?: string;
  readonly count: number;
  /** Bytes of their files, as far as they are known. */
  readonly bytes: number;
}

/** Which items of a run. */
export interface RunItemQuery extends PageQuery {
  readonly states?: readonly RunItemState[] | undefined;
  /** Whether those count as refused that a call has added and not queued, since it was interrupted. */
  readonly unqueued?: boolean;
  readonly withRequest?: boolean;
}

/** Of several with the same id, the first counts. */
function byId<Item extends { readonly id: string }>(
  items: readonly Item[],
): ReadonlyMap<string, Item> {
  return new Map(items.toReversed().map((item) => [cleanText(item.id), item]));
}

/**
 * Adds items to an open run, and returns what each has become, in their order; undefined if the run is not open.
 */
export async function addItems(
  runId: string,
  items: readonly NewRunItem[],
  { retry }: { readonly retry: boolean },
  { connection, clock }: LedgerDependencies,
): Promise<readonly AddedRunItem[] | undefined> {
  if (items.length === 0) return [];
  const rows = [...byId(items)].map(([id, { uploadId, request }]) => ({
    id,
    upload_id: uploadId,
    request,
  }));
  const parameters = [runId, writeJson(rows), writeTime(clock.now()), String(retry)];
  const added = await query(connection, ADD_ITEMS, parameters);
  if (added.length === 0) return undefined;
  const found = new Map(added.map((row) => [String(row['id']), row]));
  return items.map(({ id }) => {
    const row = found.get(cleanText(id));
    if (row === undefined) throw new Error('The item that was added is not there.');
    const { created_at: createdAt, sub_app_id: subAppId } = row;
    return {
      uploadId: String(row['upload_id']),
      state: row['state'] as RunItemState,
      ...(createdAt === null ? {} : { createdAt: readTime(createdAt) }),
      ...(subAppId === null ? {} : { subAppId: Number(subAppId) }),
    };
  });
}

/** Records why items have no upload; those that have another one stay as they are. */
export async function refuseItems(
  runId: string,
  items: readonly RefusedRunItem[],
  { connection, clock }: LedgerDependencies,
): Promise<void> {
  const rows = [...byId(items)].map(([id, { uploadId, request, problem }]) => ({
    ...{ id, upload_id: uploadId, request, problem },
  }));
  await query(connection, REFUSE_ITEMS, [runId, writeJson(rows), writeTime(clock.now())]);
}

/** Returns the numbers of items by state and reason. */
export async function countItems(
  runId: string,
  { connection }: LedgerDependencies,
): Promise<readonly RunCount[]> {
  const counts = new Map<string, RunCount>();
  let last = '';
  for (let read = COUNTED_AT_ONCE; read === COUNTED_AT_ONCE; ) {
    const rows = await query(connection, COUNT_ITEMS, [runId, last]);
    read = 0;
    for (const row of rows) {
      const { reason } = row;
      const state = row['state'] as RunItemState;
      const key = JSON.stringify([state, reason]);
      const { count = 0, bytes = 0 } = counts.get(key) ?? {};
      const here = Number(row['count']);
      const sum = { count: count + here, bytes: bytes + Number(row['bytes']) };
      counts.set(key, { state, ...(typeof reason === 'string' ? { reason } : {}), ...sum });
      read += here;
      const end = String(row['last']);
      // Ids are ordered by their bytes, as the database orders them.
      if (Buffer.compare(Buffer.from(end), Buffer.from(last)) > 0) last = end;
    }
  }
  return [...counts.values()];
}

/** Returns a page of items in the order of their ids, of some megabytes at most. */
export async function listItems(
  runId: string,
  { limit, cursor, ...filter }: RunItemQuery,
  { connection }: LedgerDependencies,
): Promise<Page<RunItem>> {
  const [, after = ''] = cursor === undefined ? [] : readCursor(cursor, 2);
  const { statement, size } = writeItemPage(filter);
  const rows = await query(connection, statement, [runId, after, limit + 1]);
  const read = rows.filter((row) => row['id'] !== null).map(readItem);
  const items = read.slice(0, limit);
  const [first] = rows;
  const last = items.at(-1);
  if (last !== undefined && items.length < Number(first?.['found'])) {
    return { items, cursor: writeCursor([0, last.id]) };
  }
  if (Number(first?.['read']) < size) return { items };
  return { items, cursor: writeCursor([0, String(first?.['last'])]) };
}

function readItem(row: Row): RunItem {
  const optional = {
    // There is none yet.
    uploadId: row['state'] === 'refused' ? null : row['upload_id'],
    fileId: row['file_id'],
    mediaUrl: row['media_url'],
    size: row['size'] === null ? null : Number(row['size']),
    duration: row['duration'],
    problem: row['problem'],
    // Only objects are stored.
    request: row['request'],
  };
  const known = Object.entries(optional).filter(([, value]) => value !== null);
  return {
    id: String(row['id']),
    state: row['state'] as RunItemState,
    attempts: Number(row['attempts']),
    ...Object.fromEntries(known),
  };
}
