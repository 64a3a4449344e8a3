import { rm, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import { createClock, type MovableClock } from '../local/emulator/clock.ts';
import { readStoredFile } from '../local/stored-file.ts';

const clockMoves = v.array(v.object({ since: v.number(), ahead: v.number() }));

/** A clock that is still ahead after a restart, since the state has its times. */
export interface StoredClock {
  readonly clock: MovableClock;
  /** Writes the moves of the clock to its file; none removes the file. */
  save(): Promise<void>;
}

/** Opens the clock whose moves are in `file`. @throws {LocalError} if the file is damaged. */
export async function openClock(file: string): Promise<StoredClock> {
  const moves = await readStoredFile(file, clockMoves, `The clock in ${file} is damaged`);
  const clock = createClock(undefined, moves);
  return {
    clock,
    async save() {
      const made = clock.moves();
      if (made.length === 0) await rm(file, { force: true });
      else await writeFile(file, JSON.stringify(made));
    },
  };
}
