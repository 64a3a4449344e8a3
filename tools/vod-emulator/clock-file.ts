import { readFile, rm, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import { type ClockMove, createClock, type MovableClock } from '../local/emulator/clock.ts';
import { LocalError } from '../local/local-error.ts';

const clockMoves = v.array(v.object({ since: v.number(), ahead: v.number() }));

/** A clock that is still ahead after a restart, since the state has its times. */
export interface StoredClock {
  readonly clock: MovableClock;
  /** Writes the moves of the clock to its file; none removes the file. */
  save(): Promise<void>;
}

/** Opens the clock whose moves are in `file`. @throws {LocalError} if the file is damaged. */
export async function openClock(file: string): Promise<StoredClock> {
  const clock = createClock(undefined, await readMoves(file));
  return {
    clock,
    async save() {
      const moves = clock.moves();
      if (moves.length === 0) await rm(file, { force: true });
      else await writeFile(file, JSON.stringify(moves));
    },
  };
}

async function readMoves(file: string): Promise<readonly ClockMove[]> {
  try {
    return v.parse(clockMoves, JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    if (!(cause instanceof SyntaxError || v.isValiError(cause))) throw cause;
    throw new LocalError(`The clock in ${file} is damaged: delete this file, and start again.`, {
      cause,
    });
  }
}
