/**
 * Returns the size of a test that can run for minutes: `small`, which is short enough for every `npm test`, unless the
 * environment variable `name` is `full` or a number.
 *
 * @throws Error if the variable is neither.
 */
export function readSize(name: string, { small, full }: { small: number; full: number }): number {
  const given = process.env[name];
  if (given === undefined || given === '') return small;
  if (given === 'full') return full;
  if (/^[1-9]\d{0,8}$/.test(given)) return Math.max(small, Number(given));
  throw new Error(`${name} must be full or a number, and is "${given}".`);
}
