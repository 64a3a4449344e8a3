import type { Columns } from './list-columns.ts';
import { ListError } from './list-error.ts';

/** Returns a field of TSV without the quotes that spreadsheets write there too, if it has a quotation mark or a comma. */
export function unquote(field: string): string {
  return /^"(?:[^"]|"")*"$/.test(field) ? field.slice(1, -1).replaceAll('""', '"') : field;
}

/**
 * Finds a quotation mark that a later line closes by chance, so that the lines between them would be one field.
 *
 * @throws {ListError}
 */
export function checkQuotes(record: readonly string[], columns: Columns, line: number): void {
  const isLine = (text: string) => {
    const fields = text.split(',').map((field) => field.trim());
    return (
      fields.length >= Math.min(columns.length, record.length) &&
      fields.some((field) => /^https?:\S+$/i.test(field))
    );
  };
  const parts = record.map((field) => field.split('\n'));
  const isOpen = parts.some(([_first, ...others], place) => {
    const isName = ['id', 'mediaUrl'].includes(columns[place] ?? '');
    return others.length > 0 && (isName || others.some(isLine));
  });
  if (!isOpen) return;
  const breaks = parts.reduce((sum, { length }) => sum + length - 1, 0);
  throw new ListError('has a quotation mark that is not closed in its line.', {
    line: line - breaks,
  });
}
