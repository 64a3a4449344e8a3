import { writeSync } from 'node:fs';
import { openJournal } from '../../../../tools/local/emulator/journal.ts';
import type { Change } from '../../../../tools/local/emulator/journal-file.ts';
import { numberOf, writeOf } from './journal-writes.ts';

/**
 * Writes changes into the journal in the file of the first argument, one by one from where it was, and prints the number
 * of each that is saved. It rewrites the file at every chance. It ends when a save fails, with the code of the error.
 */
const [file = ''] = process.argv.slice(2);
const values = new Map<string, unknown>();
const store = (key: string, value: unknown) =>
  value === undefined ? values.delete(key) : values.set(key, value);
const journal = await openJournal({
  ...{ file, compactFrom: 1_000 },
  apply: ([, key, value]) => void store(key, value),
  *snapshot(): Iterable<Change> {
    for (const [key, value] of values) yield ['list', key, value];
  },
});
let number = Math.max(0, ...[...values.values()].map(numberOf));
for (;;) {
  number += 1;
  const [key, value] = writeOf(number);
  store(key, value);
  journal.note(value === undefined ? ['list', key] : ['list', key, value]);
  try {
    await journal.save();
  } catch (error) {
    writeSync(1, `${String(Reflect.get(Object(error), 'code'))}\n`);
    process.exit(0);
  }
  writeSync(1, `${number}\n`);
}
