import { parseArgs } from 'node:util';
import { type Environment, splitList } from '../../lib/config/environment.ts';
import { LocalError } from './local-error.ts';
import type { LocalStackOptions } from './local-stack.ts';

const DEFAULTS = {
  ...{ PORT: '3000', LOCAL_DIR: '.local', HTTP_TRIGGER: 'url', VOD_EVENT_MODE: 'PUSH' },
  ...{ VOD_UNKNOWN_NAMES: 'refuse', VOD_PROCEDURES: '', VOD_CLASS_IDS: '' },
};
const HIGHEST_PORT = 65_535;

/** What `npm start -- --help` prints. */
export const START_HELP = `npm start opens the page, the functions, their database and an emulator for VOD on this machine alone.

Usage: npm start [-- options]

Options:
  --fresh    starts without the old state, database included
  --help     prints this

Variables of the environment:
  PORT            port of the page and the functions; ${DEFAULTS.PORT} by default, and 0 takes any free one
  LOCAL_DIR       folder of the state; ${DEFAULTS.LOCAL_DIR} by default
  DATABASE_URL    PostgreSQL to use instead of its own, as postgres://user:password@host:5432/database
  DATABASE_CA     certificates of its authorities, as PEM
  HTTP_TRIGGER    ${DEFAULTS.HTTP_TRIGGER} by default, or apigw to call the functions with API Gateway's events
  VOD_EVENT_MODE  ${DEFAULTS.VOD_EVENT_MODE} by default, or PULL to let events wait in VOD's queue for sweep
  VOD_PROCEDURES, VOD_CLASS_IDS
                  further procedures and categories of the account, comma-separated
  VOD_UNKNOWN_NAMES
                  ${DEFAULTS.VOD_UNKNOWN_NAMES} by default, or accept to let uploads with others fail later
  DEV_ORIGINS     origins of pages on other machines that may call the stack, comma-separated
  WEBHOOK_ENDPOINTS, WEBHOOK_PORTS, PULL_HOSTS, PULL_PORTS, VOD_PULLS_PER_SECOND, VOD_CALLS_PER_SECOND,
  VOD_BACKGROUND_PERCENT, RETENTION, CORS_HEADERS
                  as the functions take them: see docs/configuration.md

Examples:
  PORT=3001 LOCAL_DIR=.local-2 npm start
  npm start -- --fresh
`;

/** All settings of a start. */
export type StartSettings = Required<
  Pick<LocalStackOptions, 'dir' | 'port' | 'fresh' | 'trigger' | 'eventMode' | 'names'>
> & { readonly databaseUrl: string | undefined; readonly databaseCa: string | undefined };

/**
 * Returns the settings in the arguments and variables of a start, or `help` if they ask for {@link START_HELP}. An
 * empty variable is the same as none.
 *
 * @throws {LocalError} that names everything wrong in them.
 */
export function readStart(
  args: readonly string[],
  environment: Environment,
): StartSettings | 'help' {
  const problems: string[] = [];
  const text = (name: keyof typeof DEFAULTS) => environment[name] || DEFAULTS[name];
  const refuse = (name: keyof typeof DEFAULTS, rule: string) =>
    problems.push(`${name} must be ${rule}, and is "${text(name)}".`);
  const choose = <Choice extends string>(
    name: keyof typeof DEFAULTS,
    choices: readonly [Choice, Choice],
  ): Choice => {
    const chosen = choices.find((choice) => choice === text(name));
    if (chosen === undefined) refuse(name, choices.join(' or '));
    return chosen ?? choices[0];
  };

  const { help, fresh } = readFlags(args, problems);
  if (help) return 'help';
  const port = /^\d+$/.test(text('PORT')) ? Number(text('PORT')) : Number.POSITIVE_INFINITY;
  if (port > HIGHEST_PORT) refuse('PORT', `a number from 0 to ${HIGHEST_PORT}`);
  const trigger = choose('HTTP_TRIGGER', ['url', 'apigw']);
  const eventMode = choose('VOD_EVENT_MODE', ['PUSH', 'PULL']);
  const unknownNames = choose('VOD_UNKNOWN_NAMES', ['refuse', 'accept']);
  const procedures = splitList(text('VOD_PROCEDURES'));
  const classIds = splitList(text('VOD_CLASS_IDS')).map(Number);
  if (!classIds.every((id) => Number.isSafeInteger(id) && id > 0)) {
    refuse('VOD_CLASS_IDS', 'a comma-separated list of numbers, such as 7,8');
  }
  if (problems.length > 0) throw new LocalError(problems.join('\n'));
  const databaseUrl = environment['DATABASE_URL'] || undefined;
  const databaseCa = environment['DATABASE_CA'] || undefined;
  const names = { unknownNames, procedures, classIds };
  return {
    dir: text('LOCAL_DIR'),
    port,
    fresh,
    trigger,
    eventMode,
    names,
    databaseUrl,
    databaseCa,
  };
}

const FLAGS = {
  fresh: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

function readFlags(args: readonly string[], problems: string[]) {
  // In strict mode, the parser would stop at the first unknown argument.
  const { values, tokens } = parseArgs({
    args: [...args],
    options: FLAGS,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'option' && token.name in FLAGS && token.value === undefined) continue;
    const given = token.kind === 'option' ? token.rawName : args[token.index];
    problems.push(`There is no option "${given}": see "npm start -- --help".`);
  }
  return { fresh: values.fresh === true, help: values.help === true };
}
