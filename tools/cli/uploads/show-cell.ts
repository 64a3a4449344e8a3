/** Returns a value of JSON as the text of a cell; nothing for one that is missing. */
export function showCell(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Returns an ISO 8601 time without the fraction of its seconds. */
export function showTime(value: unknown): string {
  return showCell(value).replace(/\.\d+Z$/, 'Z');
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Returns a number of bytes with three digits at most, in units of 1,000. */
export function showBytes(value: unknown): string {
  if (typeof value !== 'number') return '';
  let [amount, unit] = [value, 0];
  while (amount >= 999.5 && unit < UNITS.length - 1) {
    amount /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || amount >= 99.95 ? 0 : 1;
  return `${amount.toFixed(digits)} ${UNITS[unit]}`;
}
