import type { Environment } from '../../lib/config/environment.ts';

/** What a command needs from its environment. */
export interface Surroundings {
  readonly environment: Environment;
  /** The current folder. */
  readonly folder: string;
  /** Writes the result of the command. */
  readonly writeOut: (text: string) => void;
  /** Writes messages about the run. */
  readonly writeError: (text: string) => void;
  /** Shows the present step of a long command in a few words; the empty text removes it. */
  readonly showProgress: (doing: string) => void;
  /** Returns what the user types; undefined without a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Whether `writeOut` may have colours. */
  readonly colours: boolean;
  /** Width of the terminal that `writeOut` writes to; undefined if it writes elsewhere. */
  readonly columns: number | undefined;
  /**
   * Returns a signal that is aborted when the user ends the command. Until it is called, Ctrl-C ends the process
   * immediately; afterwards the second one does.
   */
  readonly untilInterrupted: () => AbortSignal;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Standard input. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Replaces the lines at the end of a terminal; undefined without a terminal. */
  readonly draw: ((lines: readonly string[]) => void) | undefined;
  /**
   * Calls `listener` at each signal of this name, instead of what it does otherwise. Returns the function that ends this.
   */
  readonly onSignal: (name: NodeJS.Signals, listener: () => void) => () => void;
  /** Ends the process as the signal of this name does to which nothing listens. */
  readonly endBy: (name: NodeJS.Signals) => void;
}

/** A command of `vod-upload`. */
export interface Command {
  /** What `--help` prints. */
  readonly help: string;
  /** Returns the exit code. */
  readonly run: (args: readonly string[], surroundings: Surroundings) => Promise<number>;
}

/** Exit codes: `good` for success, `no` for a negative result, and `unable` where the result could not be found out. */
export const EXIT = { good: 0, no: 1, unable: 2 } as const;

/** Why a command failed, in a sentence for the user and without a secret. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
