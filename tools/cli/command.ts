import type { Environment } from '../../lib/config/environment.ts';

/** What a command has around it. */
export interface Surroundings {
  readonly environment: Environment;
  /** The one that the command is run in. */
  readonly folder: string;
  /** Takes what the command is run for. */
  readonly writeOut: (text: string) => void;
  /** Takes what is said about that. */
  readonly writeError: (text: string) => void;
  /** Takes what is being done, while a command that takes long works: a few words, or nothing once it is done. */
  readonly showProgress: (doing: string) => void;
  /** Returns what the user types in; absent where there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Whether what is written out may have colours. */
  readonly colours: boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** One of the things that `vod-upload` does. */
export interface Command {
  /** What `--help` prints. */
  readonly help: string;
  /** Returns the exit code. */
  readonly run: (args: readonly string[], surroundings: Surroundings) => Promise<number>;
}

/** Exit codes: what was asked for is so, is not so, or could not be found out. */
export const EXIT = { good: 0, no: 1, unable: 2 } as const;

/** Why a command could not do what it was run for, in a sentence for the user and without a secret. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
