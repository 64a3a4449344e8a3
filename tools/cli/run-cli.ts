import { ConfigError } from '../../lib/config-error.ts';
import product from '../../package.json' with { type: 'json' };
import { asTyped, helpAsTyped } from './as-typed.ts';
import { type Command, EXIT, type Surroundings } from './command.ts';
import { suggest } from './suggest.ts';

/** A command that is loaded when it is used. */
interface CommandEntry {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'setup',
    summary: 'has VOD report what happens to media to this backend',
    load: async () => (await import('./setup/setup-command.ts')).setup,
  },
  {
    name: 'doctor',
    summary: 'finds out what is wrong between VOD, this backend and its database',
    load: async () => (await import('./doctor/doctor-command.ts')).doctor,
  },
  {
    name: 'put',
    summary: 'uploads files, and continues what was interrupted',
    load: async () => (await import('./put/put-command.ts')).put,
  },
  {
    name: 'listen',
    summary: 'sends the messages to consumers to your own machine too',
    load: async () => (await import('./listen/listen-command.ts')).listen,
  },
  {
    name: 'trigger',
    summary: 'sends a made-up message to your own machine',
    load: async () => (await import('./trigger/trigger-command.ts')).trigger,
  },
  {
    name: 'replay',
    summary: 'sends recorded messages again',
    load: async () => (await import('./replay/replay-command.ts')).replay,
  },
  {
    name: 'uploads',
    summary: 'shows uploads, and cancels them',
    load: async () => (await import('./uploads/uploads-command.ts')).uploads,
  },
  {
    name: 'dead',
    summary: 'shows what was given up, and has it tried again',
    load: async () => (await import('./dead/dead-command.ts')).dead,
  },
  {
    name: 'pull',
    summary: 'has VOD fetch the files of a list, each once',
    load: async () => (await import('./pull/pull-command.ts')).pull,
  },
  {
    name: 'runs',
    summary: 'shows, retries, cancels and undoes what "pull" has begun',
    load: async () => (await import('./pull/runs-command.ts')).runs,
  },
];

const NAMES = COMMANDS.map(({ name }) => name);

/** What may be the first argument. */
const WORDS = [...NAMES, '--help', '--version'];

const HELP = `vod-upload connects Tencent Cloud VOD with this upload backend, says what is wrong between them, and uploads.

Usage: vod-upload <command> [options]
       vod-upload --version

Commands:
${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`).join('\n')}

"vod-upload <command> --help" describes a command's options, with examples.
`;

/** Runs what the command line asks for; returns the exit code, and never rejects. */
export async function runCli(
  [name, ...args]: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { writeOut, writeError, environment } = surroundings;
  if (name === '--help' || name === '-h' || name === 'help') {
    writeOut(helpAsTyped(HELP, NAMES, environment));
    return EXIT.good;
  }
  if (name === '--version' || name === '-v') {
    writeOut(`${product.version}\n`);
    return EXIT.good;
  }
  const entry = COMMANDS.find((known) => known.name === name);
  if (entry === undefined) {
    const lack =
      name === undefined ? '' : `There is no command "${name}".${suggest(name, WORDS)}\n\n`;
    writeError(`${lack}${helpAsTyped(HELP, NAMES, environment)}`);
    return EXIT.unable;
  }
  const command = await entry.load();
  if (args.includes('--help') || args.includes('-h')) {
    writeOut(helpAsTyped(command.help, NAMES, environment));
    return EXIT.good;
  }
  try {
    return await command.run(args, surroundings);
  } catch (error) {
    surroundings.showProgress('');
    writeError(`vod-upload ${entry.name}: ${asTyped(explain(error), environment)}\n`);
    return EXIT.unable;
  }
}

/** Errors whose text is for users. */
const EXPLAINED = ['CommandError', 'DeployError', 'Problem', 'PutError'];

function explain(error: unknown): string {
  if (error instanceof ConfigError) {
    const wrong = error.problems.map(({ variable, message }) => `${variable} ${message}`);
    return `${wrong.join('; ')}.`;
  }
  if (error instanceof Error && EXPLAINED.includes(error.name)) return error.message;
  // A bug of this program; the error's text helps only its developers.
  return `something that should not happen: ${error instanceof Error ? `${error.name}: ${error.message}` : typeof error}`;
}
