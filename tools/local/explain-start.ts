import { access, constants, mkdir } from 'node:fs/promises';
import { LocalError } from './local-error.ts';

/** Errors that are bugs of this program; developers need their place in the code. */
const DEFECTS = [TypeError, ReferenceError, RangeError, SyntaxError];

/** How users of a command choose the port and the folder of the state. */
interface StartedCommand {
  readonly name: string;
  /** A flag, or a variable. */
  readonly port: string;
  readonly folder: string;
}

const START: StartedCommand = { name: 'npm start', port: 'PORT', folder: 'LOCAL_DIR' };

/** Returns the text about an error that ended a start on `port`: a sentence, or the stack trace of a bug. */
export function explainStart(error: unknown, port: number, command = START): string {
  if (!(error instanceof Error)) return String(error);
  const { code, syscall } = Object(error) as { code?: unknown; syscall?: unknown };
  const refused = syscall === 'listen' ? explainPort(code, port, command) : undefined;
  if (refused !== undefined) return refused;
  return DEFECTS.some((type) => error instanceof type) ? String(error.stack) : error.message;
}

function explainPort(code: unknown, port: number, command: StartedCommand): string | undefined {
  const another = port < 1_024 ? 3_000 : port + (port < 65_535 ? 1 : -1);
  const start = command.port.startsWith('-')
    ? `${command.name} ${command.port} ${another}`
    : `${command.port}=${another} ${command.name}`;
  const advice = `choose another with ${start}.`;
  if (code === 'EADDRINUSE') return `Port ${port} is taken: stop what listens there, or ${advice}`;
  if (code !== 'EACCES') return undefined;
  return `Port ${port} needs privileges that this user does not have: ${advice}`;
}

/**
 * Creates the folder of the state if it does not exist.
 *
 * @throws {LocalError} where this user cannot write into it.
 */
export async function makeStateFolder(dir: string, command = START): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LocalError(
      `The folder ${dir} cannot be written: ${reason}. Choose another with ${command.folder}, or fix its permissions.`,
      { cause },
    );
  }
}
