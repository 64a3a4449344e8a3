import type { UploadState } from '../../model/upload-state.ts';
import { NEXT_STATES, TYPED_CHANGE, UPLOAD_COLUMNS } from './upload-row.ts';

/** Seconds from a change until VOD is asked about an upload in this state. */
const CHECK_AFTER: Readonly<Partial<Record<UploadState, number>>> = {
  issued: 600,
  uploaded: 600,
  processing: 600,
  ready: 86_400,
  // Its file, if it has one, may be deleted.
  failed: 86_400,
};

/** Columns that identify a change, or that are written in their own way. */
const OWN_COLUMNS: ReadonlySet<string> = new Set(['key', 'upload_id', 'fact', 'state', 'method']);

function writeCheck(state: string): string {
  return `$2::timestamptz + ('${JSON.stringify(CHECK_AFTER)}'::jsonb ->> ${state})::integer * interval '1 second'`;
}

/**
 * Returns the condition that `row` is about no upload that was pruned; two that name different applications are different.
 * It is written so that the planner expects about half of the rows to match.
 */
export function writeNotPruned(row: string, column: 'upload_id' | 'file_id'): string {
  return `not coalesce((
    select true from pruned_uploads p where p.${column} = ${row}.${column}
      and (p.sub_app_id is null or ${row}.sub_app_id is null or p.sub_app_id = ${row}.sub_app_id) limit 1
  ), false)`;
}

/** Where changes are read from, and what is known about them. */
interface ChangeSource {
  /** Has the row `c` of each change. */
  readonly from: string;
  /** Columns of {@link TYPED_CHANGE} that a change may set. */
  readonly columns: readonly string[];
  /** Conditions that `c` is about no upload that was pruned. */
  readonly unpruned: readonly string[];
  /** The states that follow from the fact of the change, by those before it, as `jsonb`. */
  readonly nextStates: string;
  /**
   * The condition that VOD is asked for the file of `c` later, by what else the statement writes: until then there is nothing
   * to check. Missing if that is so for none.
   */
  readonly isQueued?: string;
}

const MANY: ChangeSource = {
  from: 'change c',
  columns: TYPED_CHANGE.map(([column]) => column),
  unpruned: [writeNotPruned('c', 'upload_id'), writeNotPruned('c', 'file_id')],
  nextStates: `'${JSON.stringify(NEXT_STATES)}'::jsonb -> excluded.last_fact`,
};

function writeInsert({ from, columns, unpruned }: ChangeSource, checkAt: string): string {
  const own = columns.filter((column) => !OWN_COLUMNS.has(column));
  const hasSize = columns.includes('size');
  const names = [
    ...['upload_id', 'state', 'last_fact', 'created_at', 'updated_at', 'check_at', 'method'],
    ...(hasSize ? ['arrived_at'] : []),
    ...own,
  ];
  const values = [
    ...['c.upload_id', 'c.state', 'c.fact', '$2::timestamptz', '$2::timestamptz', checkAt],
    columns.includes('method') ? "coalesce(c.method, 'other')" : "'other'",
    ...(hasSize ? ['case when c.size is not null then $2::timestamptz end'] : []),
    ...own.map((column) => `c.${column}`),
  ];
  const where = unpruned.length === 0 ? '' : `where ${unpruned.join(' and ')}`;
  return `insert into uploads as u (${names.join(', ')})
    select ${values.join(', ')} from ${from} ${where}`;
}

/** Creates an upload for each row of `change`, at the time `$2`, without a check: VOD does not know it yet. */
export const INSERT_QUEUED = writeInsert(MANY, 'null::timestamptz');

function writeFirstCheck({ isQueued }: ChangeSource): string {
  const check = writeCheck('c.state');
  return isQueued === undefined ? check : `case when not (${isQueued}) then ${check} end`;
}

function writeNextCheck(next: string, { isQueued }: ChangeSource): string {
  const check = writeCheck(next);
  if (isQueued === undefined) return check;
  return `case when excluded.check_at is null then u.check_at else ${check} end`;
}

function writeUpdate(name: string, source: ChangeSource): string {
  const { columns, nextStates } = source;
  const next = `coalesce(${nextStates} ->> u.state, u.state)`;
  const own = columns.filter((column) => !OWN_COLUMNS.has(column) && column !== name);
  return [
    `update set state = ${next}`,
    'last_fact = excluded.last_fact',
    'updated_at = greatest(u.updated_at, excluded.updated_at)',
    `check_at = ${writeNextCheck(next, source)}`,
    ...(columns.includes('method')
      ? ["method = case when excluded.method = 'other' then u.method else excluded.method end"]
      : []),
    ...(columns.includes('size')
      ? ['arrived_at = coalesce(u.arrived_at, excluded.arrived_at)']
      : []),
    ...own.map((column) => `${column} = ${writeMerged(column)}`),
  ].join(', ');
}

function writeMerged(column: string): string {
  switch (column) {
    case 'expires_at':
      return 'greatest(u.expires_at, excluded.expires_at)';
    case 'owner':
      return 'coalesce(u.owner, excluded.owner)';
    default:
      return `coalesce(excluded.${column}, u.${column})`;
  }
}

/** How the changes of one statement name their uploads: each kind costs time, even if there is no change of it. */
export interface ChangeKinds {
  readonly byUpload: boolean;
  readonly byFile: boolean;
  /** Whether the application that reports them is a tenant's. */
  readonly ofTenant: boolean;
}

const isSame = (column: string) =>
  `(u.${column} is null or excluded.${column} is null or u.${column} = excluded.${column})`;

/** Returns the conditions that an upload is the one that is meant: it has one file, one owner and one application. */
function listSame(
  name: 'upload_id' | 'file_id',
  ofTenant: boolean,
  columns: readonly string[],
): readonly string[] {
  const single = name === 'upload_id' ? ['file_id', 'owner'] : [];
  return [
    ...[...single, ...(ofTenant ? [] : ['sub_app_id'])]
      .filter((column) => columns.includes(column))
      .map(isSame),
    ...(ofTenant ? ['u.sub_app_id = excluded.sub_app_id'] : []),
  ];
}

/** What is returned of a changed upload: what its announcement and its actions need, and all of it as `readUpload` reads it. */
export const CHANGED = `u.upload_id, u.file_id, u.state, u.sub_app_id, u.task_id, jsonb_build_object(${UPLOAD_COLUMNS.split(
  ', ',
)
  .map((column) => `'${column}', u.${column}`)
  .join(', ')}) as upload`;

/** Returns the statement that applies the changes of `source`, which name their uploads by the column `name`. */
export function writeUpsert(
  name: 'upload_id' | 'file_id',
  source: ChangeSource,
  { ofTenant }: Pick<ChangeKinds, 'ofTenant'>,
  order = '',
): string {
  const same = listSame(name, ofTenant, source.columns);
  return `${writeInsert(source, writeFirstCheck(source))} ${order}
    on conflict (${name}) do ${writeUpdate(name, source)}
    ${same.length === 0 ? '' : `where ${same.join(' and ')}`}
    returning ${CHANGED}`;
}

/**
 * Returns the parts of a `with` that apply the changes of its part `change` at the time `$2`, and return the uploads as
 * `changed`, with the columns of {@link CHANGED} and their `key`. Rows are locked in the order of their keys, so that two
 * such statements never wait for each other.
 *
 * An upload has one file, one owner and one application: a change with a second one has no effect, and is not in
 * `changed`.
 *
 * @param isQueued see {@link ChangeSource}; the changes then issue uploads.
 */
export function writeUpserts(
  kinds: ChangeKinds,
  { isQueued }: Pick<ChangeSource, 'isQueued'> = {},
): string {
  const { byUpload, byFile } = kinds;
  const names = [
    ...(byUpload ? (['upload_id'] as const) : []),
    ...(byFile ? (['file_id'] as const) : []),
  ];
  // Only a statement for both kinds has a filter: with a filter the planner expects almost no rows, and so joins what
  // follows row by row.
  const write = (name: 'upload_id' | 'file_id') => {
    const filter = byUpload && byFile ? [`c.key = c.${name}`] : [];
    const unpruned = [...MANY.unpruned, ...filter];
    const source = { ...MANY, unpruned, ...(isQueued === undefined ? {} : { isQueued }) };
    return writeUpsert(name, source, kinds, 'order by c.key');
  };
  const upserts = names.map((name) => `by_${name} as (${write(name)})`);
  const changed = names.map((name) => `select ${name} as key, * from by_${name}`);
  return [...upserts, `changed as (${changed.join(' union all ')})`].join(',\n  ');
}

/** All changes name the id of their upload. */
export const BY_UPLOAD: ChangeKinds = { byUpload: true, byFile: false, ofTenant: false };

/** {@link writeUpserts} for {@link BY_UPLOAD}. */
export const UPSERTS = writeUpserts(BY_UPLOAD);
