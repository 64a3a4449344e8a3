import { type ParseArgsConfig, parseArgs } from 'node:util';
import { CommandError } from './command.ts';
import { showText } from './show-text.ts';
import { suggest } from './suggest.ts';

type OptionTypes = NonNullable<ParseArgsConfig['options']>;

/**
 * Returns the values of a command's options.
 *
 * @param command what users type before them.
 * @throws {CommandError} where one is unknown, has no value, or is not an option.
 */
export function readOptions<Options extends OptionTypes>(
  command: string,
  args: readonly string[],
  options: Options,
) {
  return parse(command, args, options, false).values;
}

/** Returns the values of a command's options, and the arguments between them. @throws {CommandError} */
export function readArguments<Options extends OptionTypes>(
  command: string,
  args: readonly string[],
  options: Options,
) {
  return parse(command, args, options, true);
}

function parse<Options extends OptionTypes>(
  command: string,
  args: readonly string[],
  options: Options,
  allowPositionals: boolean,
) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals });
  } catch (error) {
    const { message, code } = Object(error);
    const known = [...Object.keys(options), 'help'].map((name) => `--${name}`);
    const see = `See "${command} --help".`;
    throw new CommandError(`${explain(String(message), code, known)} ${see}`, { cause: error });
  }
}

/** Returns what is wrong, in a sentence: the parser's own words are about other programs, too. */
function explain(message: string, code: unknown, known: readonly string[]): string {
  const [, quoted = ''] = /'([^']*)'/.exec(message) ?? [];
  // With its short name and what follows it: '-r, --recursive', '--mode <value>'.
  const [option = quoted] = /--[\w-]+/.exec(quoted) ?? [];
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    return `There is no option ${showText(quoted)}.${suggest(quoted, known)}`;
  }
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    return `"${showText(quoted)}" is no option.${suggest(quoted, known)}`;
  }
  if (message.includes('does not take')) return `${option} takes no value: write it alone.`;
  if (message.includes('ambiguous')) {
    return `${option} must be followed by a value; write one that begins with a dash as ${option}=-1.`;
  }
  return `${option} must be followed by a value.`;
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
