/** Keys that the writer changes in turn. */
const KEYS = 50;

/** Returns the key and the value of the writer's change with this number, from 1; every seventh removes its key. */
export function writeOf(number: number): readonly [key: string, value: unknown] {
  const key = `key ${number % KEYS}`;
  return [key, number % 7 === 0 ? undefined : { number, padding: 'p'.repeat(300) }];
}

/** Returns the number of the change that wrote a value. */
export function numberOf(value: unknown): number {
  return Number(Reflect.get(Object(value), 'number'));
}

/** Returns what is there after the writer's changes up to this number. */
export function writtenUpTo(last: number): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (let number = 1; number <= last; number += 1) {
    const [key, value] = writeOf(number);
    if (value === undefined) values.delete(key);
    else values.set(key, value);
  }
  return values;
}
