import { type ParseArgsConfig, parseArgs } from 'node:util';
import { CommandError } from './command.ts';
import { suggest } from './suggest.ts';

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

/**
 * Returns the values of a command's options.
 *
 * @param command what users type before them.
 * @throws {CommandError} where one is unknown, has no value, or is not an option.
 */
export function readOptions<Options extends OptionsConfig>(
  command: string,
  args: readonly string[],
  options: Options,
) {
  return explainErrors(
    () => parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values,
    command,
    options,
  );
}

/**
 * Returns the values of a command's options, and its other arguments.
 *
 * @param command what users type before them.
 * @throws {CommandError} where an option is unknown or has no value.
 */
export function readArguments<Options extends OptionsConfig>(
  command: string,
  args: readonly string[],
  options: Options,
) {
  return explainErrors(
    () => parseArgs({ args: [...args], options, strict: true, allowPositionals: true }),
    command,
    options,
  );
}

function explainErrors<Result>(
  parse: () => Result,
  command: string,
  options: OptionsConfig,
): Result {
  try {
    return parse();
  } catch (error) {
    // The rest of the parser's message is advice on passing such an argument, which does not apply here.
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split(
      /\.(?: |$)|\n/,
    );
    const [, unknown] = /^Unknown option '(--[^']+)'/.exec(reason) ?? [];
    const known = [...Object.keys(options), 'help'].map((name) => `--${name}`);
    const advice = unknown === undefined ? '' : suggest(unknown, known);
    const see = advice === '' ? ': see' : `.${advice} See`;
    throw new CommandError(`${reason.replace(/\.$/, '')}${see} "${command} --help".`, {
      cause: error,
    });
  }
}

/** Returns `text` where it is one of `choices`. @throws {CommandError} */
export function readChoice<Choice extends string>(
  name: string,
  text: string,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((known) => known.toLowerCase() === text.toLowerCase());
  if (choice !== undefined) return choice;
  const list = choices.map((known) => known.toLowerCase()).join(' or ');
  throw new CommandError(`${name} must be ${list}.`);
}
