import { parseArgs } from 'node:util';
import { type Environment, splitList } from '../../lib/config/environment.ts';
import { suggest } from '../cli/suggest.ts';
import type { NamesOptions } from '../local/emulator/known-names.ts';
import { LocalError } from '../local/local-error.ts';
import { OPTION_LIST, OPTIONS, type OptionName } from './options.ts';

/** All settings of an emulator; keys that are undefined are those in its state folder. */
export interface EmulatorSettings {
  /** 0 for any free port. */
  readonly port: number;
  /** Undefined for the loopback addresses. */
  readonly address: string | undefined;
  /** Folder of the state. */
  readonly state: string;
  readonly secretId: string | undefined;
  readonly secretKey: string | undefined;
  readonly signKey: string | undefined;
  /** The first is the account's own. */
  readonly subAppIds: readonly [number, ...number[]];
  /** Empty for none. */
  readonly callbackUrl: string;
  readonly eventMode: 'PUSH' | 'PULL';
  readonly names: NamesOptions;
  /** Comma-separated. */
  readonly origins: string;
  readonly tls: boolean;
}

const PREFIX = 'VOD_EMULATOR_';
const INDENT = 31;

/** What `vod-emulator --help` prints. */
export const HELP = `vod-emulator emulates Tencent Cloud VOD on this machine: client uploads, storage, API and notifications.

Usage: vod-emulator [options]

Options:
${OPTION_LIST.map(([name, { value, variable, summary, fallback }]) => {
  const flag = `--${name}${value === undefined ? '' : ` ${value}`}`;
  const rest = fallback === undefined ? '' : `; ${fallback} by default`;
  return `  ${flag.padEnd(INDENT - 2)}${summary}${rest}\n${' '.repeat(INDENT)}(${variable})`;
}).join('\n')}
  ${'--help'.padEnd(INDENT - 2)}prints this
  ${'--version'.padEnd(INDENT - 2)}prints the version

A flag counts more than its variable, which is in parentheses.

Examples:
  vod-emulator --callback-url http://localhost:8080/vod-events
  vod-emulator --port 443 --tls
  VOD_EMULATOR_SECRET_ID=AKIDexample VOD_EMULATOR_SECRET_KEY=example vod-emulator
`;

/**
 * Returns the settings in the arguments and variables of a start, or what they ask for instead. An empty variable is the
 * same as none.
 *
 * @throws {LocalError} that names everything wrong in them, and no secret.
 */
export function readSettings(
  args: readonly string[],
  environment: Environment,
): EmulatorSettings | 'help' | 'version' {
  const { texts, asked, problems } = readFlags(args);
  if (asked !== undefined) return asked;
  problems.push(...explainVariables(environment));
  for (const option of OPTION_LIST) readText(option, environment, texts, problems);
  if (problems.length > 0) {
    throw new LocalError([...problems, 'See "vod-emulator --help".'].join('\n'));
  }
  return toSettings(texts);
}

/** Adds the value of a variable to those of flags, and what is wrong with either. */
function readText(
  [name, { variable, secret, explain }]: (typeof OPTION_LIST)[number],
  environment: Environment,
  texts: Map<OptionName, string>,
  problems: string[],
): void {
  const where = texts.has(name) ? `--${name}` : variable;
  const text = texts.get(name) ?? environment[variable] ?? '';
  if (text === '') return;
  texts.set(name, text);
  const problem = explain?.(text);
  if (problem === undefined) return;
  problems.push(`${where} ${problem}${secret === true ? '' : `, and is "${text}"`}.`);
}

function toSettings(texts: ReadonlyMap<OptionName, string>): EmulatorSettings {
  const [own = 0, ...others] = (texts.get('sub-app-ids') ?? OPTIONS['sub-app-ids'].fallback)
    .split(',')
    .map(Number);
  return {
    port: Number(texts.get('port') ?? OPTIONS.port.fallback),
    address: texts.get('address'),
    state: texts.get('state') ?? OPTIONS.state.fallback,
    secretId: texts.get('secret-id'),
    secretKey: texts.get('secret-key'),
    signKey: texts.get('sign-key'),
    subAppIds: [own, ...others],
    callbackUrl: texts.get('callback-url') ?? '',
    eventMode: /^pull$/i.test(texts.get('callback-mode') ?? '') ? 'PULL' : 'PUSH',
    names: {
      procedures: splitList(texts.get('procedures') ?? ''),
      classIds: splitList(texts.get('class-ids') ?? '').map(Number),
      unknownNames: texts.get('unknown-names') === 'accept' ? 'accept' : 'refuse',
      setBy: {
        procedures: '--procedures',
        classIds: '--class-ids',
        accept: '--unknown-names accept',
      },
    },
    origins: texts.get('origins') ?? '',
    tls: texts.get('tls') === '1',
  };
}

/** A misspelt variable would otherwise have no effect, silently. */
function explainVariables(environment: Environment): readonly string[] {
  const known: readonly string[] = OPTION_LIST.map(([, { variable }]) => variable);
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .map((name) => `There is no variable ${name}.${suggest(name, known)}`);
}

const ASKED = ['help', 'version'] as const;

function readFlags(args: readonly string[]) {
  const options = Object.fromEntries(
    OPTION_LIST.map(([name, { value }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  // In strict mode, the parser would stop at the first unknown argument.
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...options, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } },
    strict: false,
    tokens: true,
  });
  const texts = new Map<OptionName, string>();
  const problems: string[] = [];
  let asked: (typeof ASKED)[number] | undefined;
  // The first argument, at 0, does not follow an unknown flag.
  let unknownAt = -2;
  for (const token of tokens) {
    if (token.kind === 'positional') {
      // The value of an unknown flag is not reported in addition to the flag.
      if (token.index !== unknownAt + 1) problems.push(`There is no argument "${token.value}".`);
    }
    if (token.kind !== 'option') continue;
    const { name, rawName, value, index } = token;
    asked ??= ASKED.find((each) => each === name);
    const known = OPTION_LIST.find(([each]) => each === name);
    if (known !== undefined) readFlag(known, value, texts, problems);
    else if (!ASKED.some((each) => each === name)) {
      unknownAt = index;
      problems.push(`There is no option "${rawName}".${suggest(rawName, listFlags())}`);
    }
  }
  return { texts, asked, problems };
}

function readFlag(
  [name, { value: kind }]: (typeof OPTION_LIST)[number],
  value: string | undefined,
  texts: Map<OptionName, string>,
  problems: string[],
): void {
  if (kind === undefined && value !== undefined) problems.push(`--${name} has no value.`);
  else if (kind !== undefined && !value) problems.push(`--${name} needs a value: ${kind}.`);
  else texts.set(name, value ?? '1');
}

function listFlags(): readonly string[] {
  return [...OPTION_LIST.map(([name]) => name), ...ASKED].map((name) => `--${name}`);
}
