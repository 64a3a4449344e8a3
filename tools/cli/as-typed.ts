import type { Environment } from '../../lib/config/environment.ts';

/** Commands in quotation marks: in messages, other words may be the names of files. */
const QUOTED = /(?<=")vod-upload (?=[a-z<-])/g;

/**
 * Returns a message with the commands of this program as users type them: npm has started it from a project in which the shell
 * does not find it by itself, or a shell has.
 */
export function asTyped(message: string, environment: Environment): string {
  return replace(message, QUOTED, environment);
}

/** Returns what `--help` prints, likewise; `commands` are the names of all. */
export function helpAsTyped(
  help: string,
  commands: readonly string[],
  environment: Environment,
): string {
  // A text that begins with the program's name is about the program, and the name may also be the value of an option.
  const next = `(?=(?:${commands.join('|')})\\b|[<-])`;
  return replace(help, new RegExp(`(?<=[^\\n])\\bvod-upload ${next}`, 'g'), environment);
}

function replace(text: string, command: RegExp, environment: Environment): string {
  return text.replaceAll(command, `${nameProgram(environment)} `);
}

/** Returns what users type before the name of a command. */
export function nameProgram(environment: Environment): string {
  // https://docs.npmjs.com/cli/v11/using-npm/scripts#environment
  return environment['npm_command'] === undefined ? 'vod-upload' : 'npx vod-upload';
}
