import { PULL_FIELDS } from '../../lib/validation/pull-request.ts';
import { joinNames } from '../cli/join-names.ts';
import { showText } from '../cli/show-text.ts';
import { suggest } from '../cli/suggest.ts';
import { ListError } from './list-error.ts';

/** What users say about the columns of their list. */
export interface ColumnOptions {
  /** The column of each field that has another name: a name or, in a list without a header, a number from 1. */
  readonly map: ReadonlyMap<string, string>;
  /** Columns that are of no interest here. */
  readonly ignored: readonly string[];
  /** Whether a list may have ids alone, since the URLs of its sources become known later. */
  readonly withoutUrls?: boolean;
}

const LIMITS = ['limits.maxBytes', 'limits.maxSeconds', 'limits.mediaTypes'];

/** What is known about the source, and is compared with what has arrived. It is not sent. */
export const EXPECTED_FIELDS = ['size', 'duration'] as const;

/** The fields that a list may have. */
export const LIST_FIELDS: readonly string[] = [
  'id',
  ...Object.keys(PULL_FIELDS).filter(
    (name) => !['items', 'idempotencyKey', 'limits'].includes(name),
  ),
  ...LIMITS,
  ...EXPECTED_FIELDS,
  // Why an earlier attempt failed, in lists that this program writes.
  'problem',
];

/**
 * Columns of a list without a header: those of the vendor's own tool, of which all but the first may be missing.
 *
 * @see https://github.com/tencentyun/vod-migrate/blob/master/batch_pull_upload/README_EN.md
 */
const VENDOR_COLUMNS = ['mediaUrl', 'mediaName', 'classId', 'mediaStoragePath', 'sourceContext'];

/** Returns the field of each column, in their order; undefined for one that is ignored. */
export type Columns = readonly (string | undefined)[];

/**
 * Returns the columns of a list by its first row, and whether that is a header. A first row with a URL is none.
 *
 * @throws {ListError} if a column is missing or unknown.
 */
export function readHeader(row: readonly string[], line: number, options: ColumnOptions) {
  const places = [...options.map].filter(([, column]) => /^\d+$/.test(column));
  if (row.some((field) => /^https?:\/\//i.test(field))) {
    if (options.map.size > places.length) {
      throw new ListError(
        'is no header, so --map must name its columns by numbers, such as --map mediaUrl=2.',
        { line },
      );
    }
    return {
      isHeader: false,
      columns: places.length === 0 ? VENDOR_COLUMNS : readPlaces(places),
    } as const;
  }
  const fields = new Map([...options.map].map(([field, column]) => [column, field]));
  const columns = row.map((name, place) => {
    if (options.ignored.includes(name)) return undefined;
    if (name === '') {
      throw new ListError(`has no name for column ${place + 1}: name it, or remove the column.`, {
        line,
      });
    }
    const field = fields.get(name) ?? readField(name);
    if (field !== undefined) return field;
    throw new ListError(explainUnknown(name), { line });
  });
  for (const [field, column] of options.map) {
    if (!row.includes(column))
      throw new ListError(
        `must have the column "${column}", which --map names for ${field}; it has ${list(row)}.`,
        { line },
      );
  }
  const isEnough = options.withoutUrls === true && columns.includes('id');
  if (!columns.includes('mediaUrl') && !isEnough) {
    throw new ListError(
      `must be a header with a column mediaUrl, or --map mediaUrl=… must name it; it has ${list(row)}.`,
      { line },
    );
  }
  const twice = columns.find(
    (field, place) => field !== undefined && columns.indexOf(field) !== place,
  );
  if (twice !== undefined) throw new ListError(`must have only one column for ${twice}.`, { line });
  return { isHeader: true, columns } as const;
}

/** Names may be written in any case, and as in VOD's API. */
export function readField(name: string): string | undefined {
  const plain = name.toLowerCase().replaceAll(/[_\s-]/g, '');
  if (plain === 'url') return 'mediaUrl';
  return LIST_FIELDS.find((field) => field.toLowerCase() === plain);
}

/** Returns what to say about a column that no field has. */
export function explainUnknown(name: string): string {
  const shown = showText(name.slice(0, 64));
  return `has the unknown column "${shown}".${suggest(shown, LIST_FIELDS)} Name the field that it is with --map <field>=${shown}, or leave it out with --ignore ${shown}; the fields are ${joinNames(LIST_FIELDS)}.`;
}

function readPlaces(places: readonly (readonly [string, string])[]): Columns {
  const columns: (string | undefined)[] = [];
  for (const [field, place] of places) columns[Number(place) - 1] = field;
  return Array.from(columns);
}

function list(row: readonly string[]): string {
  const names = row.slice(0, 20).map((name) => JSON.stringify(name.slice(0, 40)));
  return names.length === 0 ? 'none' : joinNames(names);
}
