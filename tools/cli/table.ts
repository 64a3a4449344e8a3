import { fitText, showText, widthOf } from './show-text.ts';

/** Rows as users see them. */
export interface Table {
  readonly columns: readonly TableColumn[];
  /** The cells of each row, in the order of the columns. */
  readonly rows: readonly (readonly string[])[];
}

/** A column of a table. */
interface TableColumn {
  readonly name: string;
  /** Whether its cells may be cut where the terminal is too narrow; ids never are, since they are copied. */
  readonly isCut?: boolean;
}

const GAP = '  ';

/** A cell is cut to no less than this. */
const NARROWEST = 8;

/**
 * Returns a table as lines, with its names first.
 *
 * @param width of the terminal; undefined if nothing is to be cut.
 */
export function writeTable({ columns, rows }: Table, width: number | undefined): string {
  const cells = [columns.map(({ name }) => name), ...rows.map((row) => row.map(showText))];
  const widths = fitColumns(columns, cells, width);
  return cells
    .map((row) =>
      row
        .map((cell, i) => fitText(cell, widths[i] ?? 0))
        .join(GAP)
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function fitColumns(
  columns: readonly TableColumn[],
  cells: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): readonly number[] {
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => widthOf(row[i] ?? ''))));
  const total = () => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
  for (let surplus = total() - width; surplus > 0; surplus = total() - width) {
    const widest = findWidest(columns, widths);
    if (widest === undefined) break;
    widths[widest] = Math.max(NARROWEST, (widths[widest] ?? 0) - 1);
  }
  return widths;
}

/** Returns the place of the widest column that can be cut. */
function findWidest(
  columns: readonly TableColumn[],
  widths: readonly number[],
): number | undefined {
  const places = [...columns.keys()].filter(
    (i) => columns[i]?.isCut === true && (widths[i] ?? 0) > NARROWEST,
  );
  return places.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
}
