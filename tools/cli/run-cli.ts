import { ConfigError } from '../../lib/config/environment.ts';
import { Problem } from '../../lib/problem.ts';
import { DeployError } from '../deploy/deploy-error.ts';
import { type Command, CommandError, EXIT, type Surroundings } from './command.ts';
import { doctor } from './doctor/doctor-command.ts';
import { setup } from './setup/setup-command.ts';

const COMMANDS: readonly Command[] = [setup, doctor];

const HELP = `vod-upload connects Tencent Cloud VOD with this upload backend, and says what is wrong between them.

Usage: vod-upload <command> [options]

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(8)}${summary}`).join('\n')}

"vod-upload <command> --help" tells of a command's options, with examples.
`;

/** Runs what the command line asks for; answers the exit code, and never rejects. */
export async function runCli(
  [name, ...args]: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { writeOut, writeError } = surroundings;
  if (name === '--help' || name === '-h' || name === 'help') {
    writeOut(HELP);
    return EXIT.good;
  }
  const command = COMMANDS.find((known) => known.name === name);
  if (command === undefined) {
    writeError(name === undefined ? HELP : `There is no command "${name}".\n\n${HELP}`);
    return EXIT.unable;
  }
  if (args.includes('--help') || args.includes('-h')) {
    writeOut(command.help);
    return EXIT.good;
  }
  try {
    return await command.run(args, surroundings);
  } catch (error) {
    writeError(`vod-upload ${command.name}: ${explain(error)}\n`);
    return EXIT.unable;
  }
}

function explain(error: unknown): string {
  const isOurs = [CommandError, ConfigError, DeployError, Problem].some(
    (type) => error instanceof type,
  );
  if (error instanceof Error && isOurs) return error.message;
  // A defect of this program: its own words help nobody but those who mend it.
  return `something that should not happen: ${error instanceof Error ? `${error.name}: ${error.message}` : typeof error}`;
}
