import { createPresign, type Presign } from '../../pull/presign.ts';
import { CommandError, type Surroundings } from '../command.ts';

/** Options of the commands that ask for links. */
export const PRESIGN_OPTIONS = {
  presign: { type: 'string' },
  'presign-timeout': { type: 'string' },
} as const;

/** What `--help` says about them. */
export const PRESIGN_HELP = `  --presign <command>    asked for each URL just before it is sent: reads a line of JSON, writes the URL
  --presign-timeout <seconds>
                         after which it is ended, with all that it has begun; 30 by default`;

const SECONDS = '30';

/** Longest time for one link, in seconds. */
const MAX_SECONDS = 3_600;

/** Returns what asks for links; undefined if the list has them. @throws {CommandError} if the time limit is wrong. */
export function openPresign(
  options: {
    readonly presign?: string | undefined;
    readonly 'presign-timeout'?: string | undefined;
  },
  { folder, environment }: Pick<Surroundings, 'folder' | 'environment'>,
  signal: AbortSignal,
): Presign | undefined {
  const seconds = Number(options['presign-timeout'] ?? SECONDS);
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
    throw new CommandError(
      `--presign-timeout must be a number of seconds up to ${MAX_SECONDS}, such as ${SECONDS}.`,
    );
  }
  const { presign } = options;
  if (presign === undefined) return undefined;
  return createPresign(presign, { folder, environment, seconds, signal });
}

/** Lines about single sources that are written; of more it is only said that there are some. */
const MAX_REPORTS = 10;

/** Returns the function that writes why a source has no URL. */
export function createReport({ writeError }: Pick<Surroundings, 'writeError'>) {
  let count = 0;
  return (text: string): void => {
    count += 1;
    if (count <= MAX_REPORTS) writeError(`${text}\n`);
    if (count === MAX_REPORTS + 1) writeError('More have no URL …\n');
  };
}
