import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Journal, openJournal } from '../../../../tools/local/emulator/journal.ts';
import type { Change } from '../../../../tools/local/emulator/journal-file.ts';
import { createChance } from '../../../support/chance.ts';
import { makeFolder } from '../../../support/make-folder.ts';
import { killWriter, runOnFullDisk } from './journal-processes.ts';
import { writtenUpTo } from './journal-writes.ts';

let dir: string;
let file: string;

beforeEach(async () => {
  dir = await makeFolder();
  file = join(dir, 'state.ndjson');
});

interface Opened {
  readonly journal: Journal;
  readonly values: Map<string, unknown>;
  /** Notes a change; undefined deletes. */
  set(key: string, value: unknown): void;
}

async function open(compactFrom = 1_000_000_000): Promise<Opened> {
  const values = new Map<string, unknown>();
  const store = (key: string, value: unknown) =>
    value === undefined ? values.delete(key) : values.set(key, value);
  const journal = await openJournal({
    ...{ file, compactFrom },
    apply: ([, key, value]) => void store(key, value),
    *snapshot(): Iterable<Change> {
      for (const [key, value] of values) yield ['list', key, value];
    },
  });
  return {
    ...{ journal, values },
    set(key, value) {
      store(key, value);
      journal.note(value === undefined ? ['list', key] : ['list', key, value]);
    },
  };
}

const sizeOf = async () => (await stat(file)).size;
const reopened = async () => Object.fromEntries((await open()).values);

async function fill(count: number): Promise<Opened> {
  const opened = await open();
  for (let index = 0; index < count; index += 1) opened.set(`old ${index}`, 'x'.repeat(1_000));
  await opened.journal.save();
  return opened;
}

describe('openJournal()', () => {
  it.each([0, 20, 2_000])('writes the same for a change beside %i others', async (count) => {
    const { journal, set } = await fill(count);
    const before = await sizeOf();

    set('new', 1);
    await journal.save();
    set('new', undefined);
    await journal.save();

    expect((await readFile(file)).subarray(before).toString()).toBe(
      '[["list","new",1]]\n[["list","new"]]\n',
    );
  });

  it('writes nothing if nothing has changed', async () => {
    const { journal } = await fill(3);
    const before = await sizeOf();

    await Promise.all([journal.save(), journal.save()]);

    expect(await sizeOf()).toBe(before);
  });

  it('has all changes of a save or none, wherever its last line was cut', async () => {
    const { journal, set } = await open();
    set('a', 1);
    await journal.save();
    const before = await sizeOf();
    set('a', undefined);
    set('b', '\u00e9\ud83c\udfa5');
    await journal.save();
    const whole = await readFile(file);
    expect(await reopened()).toEqual({ b: '\u00e9\ud83c\udfa5' });

    for (let length = before; length < whole.length; length += 1) {
      await writeFile(file, whole.subarray(0, length));
      const cut = await open();
      expect([length, Object.fromEntries(cut.values)]).toEqual([length, { a: 1 }]);
      expect(cut.journal.droppedBytes).toBe(length - before);
      expect(await sizeOf()).toBe(before);
      cut.set('c', length);
      await cut.journal.save();
      expect(await reopened()).toEqual({ a: 1, c: length });
    }
  });

  it.each([0, 1, 13])(
    'begins without a state if only %i bytes of its format were written',
    async (length) => {
      await writeFile(file, '{"version":2}\n'.slice(0, length));

      const { journal, values, set } = await open();
      set('a', 1);
      await journal.save();

      expect([values.size, journal.droppedBytes]).toEqual([1, 0]);
      expect(await reopened()).toEqual({ a: 1 });
    },
  );

  it('removes what an interrupted rewriting left', async () => {
    await fill(1);
    await writeFile(`${file}.new`, 'half');

    expect(Object.keys(await reopened())).toEqual(['old 0']);
    expect(await readdir(dir)).toEqual(['state.ndjson']);
  });

  it('refuses to write behind the changes of another process', async () => {
    const { journal, set } = await fill(1);
    await appendFile(file, '[["list","theirs",1]]\n');

    set('mine', 1);

    await expect(journal.save()).rejects.toThrow(`Another process has changed ${file}`);
  });

  it('reads lines longer than a piece of the file', async () => {
    const { journal, set } = await open();
    const long = 'y'.repeat(3_000_000);
    set('long', long);
    await journal.save();

    expect(await reopened()).toEqual({ long });
  });
});

describe('a rewriting', () => {
  it('leaves out history, in the order of the list', async () => {
    const { journal, set } = await open();
    for (const key of ['b', 'a', 'c', 'a']) set(key, `${key} ${'z'.repeat(100)}`);
    for (let index = 0; index < 50; index += 1) set('c', index);
    set('b', undefined);
    await journal.save();

    await journal.compact();

    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.slice(1)).toEqual([`[["list","a","a ${'z'.repeat(100)}"]]`, '[["list","c",49]]']);
    expect(await readdir(dir)).toEqual(['state.ndjson']);
  });

  it('loses no change that is made meanwhile', async () => {
    const { journal, set, values } = await fill(3_000);
    let done = false;
    const compacting = journal.compact().then(() => {
      done = true;
    });

    for (let index = 0; !done; index += 1) {
      set(`old ${index}`, undefined);
      set(`old ${2_999 - index}`, index);
      set(`new ${index}`, index);
      await journal.save();
    }
    await compacting;

    set('last', true);
    await journal.save();
    expect([...(await open()).values]).toEqual([...values]);
  });

  it('happens when more than half of the file is history, and bounds the file', async () => {
    const { journal, set } = await open(20_000);
    let written = 0;
    let largest = 0;
    for (let index = 0; index < 2_000; index += 1) {
      set(`key ${index % 10}`, `${index} ${'v'.repeat(100)}`);
      written += 130;
      await journal.save();
      largest = Math.max(largest, await sizeOf());
      // What is appended while it is rewritten comes on top, and a slow disk takes its time for that.
      if (largest > 40_000) {
        await expect.poll(sizeOf).toBeLessThan(40_000);
        largest = 0;
      }
    }
    await journal.close();

    expect(written).toBeGreaterThan(200_000);
    expect(await sizeOf()).toBeLessThan(60_000);
  });

  it('that fails leaves the file as it was', async () => {
    const { journal, set } = await fill(10);
    const broken = await openJournal({
      ...{ file, apply: () => undefined },
      // biome-ignore lint/correctness/useYield: it fails before it has anything.
      *snapshot(): Iterable<Change> {
        throw new Error('no more memory');
      },
    });

    await expect(broken.compact()).rejects.toThrow('no more memory');

    set('after', 1);
    await journal.save();
    expect(await reopened()).toMatchObject({ 'old 9': 'x'.repeat(1_000), after: 1 });
    expect(await readdir(dir)).toEqual(['state.ndjson']);
  });
});

describe('a save that fails', () => {
  it('is made up for by the next one, when the folder is there again', async () => {
    const { journal, set, values } = await fill(3);
    await rm(dir, { recursive: true });
    set('first', 1);
    await expect(journal.save()).rejects.toThrow('ENOENT');
    await expect(journal.save()).rejects.toThrow('ENOENT');
    await mkdir(dir);

    set('second', 2);
    await journal.save();
    set('third', 3);
    await journal.save();

    expect([...(await open()).values]).toEqual([...values]);
  });

  it('leaves no part of its line, if the disk is full in the middle of it', async () => {
    const { saved, failed } = await runOnFullDisk(file);

    expect(failed).toBe('EFBIG');
    expect(saved).toBeGreaterThan(1);
    const { values, journal } = await open();
    expect(values).toEqual(writtenUpTo(saved));
    expect(journal.droppedBytes).toBe(0);
  });
});

describe('a process that is killed', () => {
  it('has every change of which it said that it was saved', async () => {
    const chance = createChance(7);
    let last = 0;
    for (let round = 0; round < 12; round += 1) {
      const saved = await killWriter(file, chance.below(400));

      // The one that was being saved may be there, too.
      const possible = [writtenUpTo(saved), writtenUpTo(saved + 1)];
      expect(possible).toContainEqual((await open()).values);
      expect(saved).toBeGreaterThanOrEqual(last - 1);
      last = saved;
    }
    expect(last).toBeGreaterThan(500);
  });
});
