import { isIP } from 'node:net';
import { splitList } from '../../lib/config/environment.ts';
import { explainDevOrigins } from '../local/access.ts';

/** An option of the command: a flag, and the variable that has the same meaning. */
interface Option {
  readonly variable: string;
  /** What the value is, in help; a flag without it has no value. */
  readonly value?: string;
  readonly fallback?: string;
  readonly summary: string;
  /** Whether messages must not show the value. */
  readonly secret?: boolean;
  /** Returns what a value must be, or undefined if it is that. */
  readonly explain?: (text: string) => string | undefined;
}

const HIGHEST_PORT = 65_535;
/** https://cloud.tencent.com/document/product/266/33779 */
const SIGN_KEY = /^[A-Za-z\d]{1,32}$/;
const KEY = /^[\x21-\x7e]+$/;

const rule =
  (isRight: (text: string) => boolean, what: string) =>
  (text: string): string | undefined =>
    isRight(text) ? undefined : `must be ${what}`;

const isCallbackUrl = (text: string) =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

/** Every option with a value or without, by flag. */
export const OPTIONS = {
  port: {
    variable: 'VOD_EMULATOR_PORT',
    value: 'NUMBER',
    fallback: '3001',
    summary: 'port of everything; 0 takes any free one',
    explain: rule(
      (text) => /^\d{1,5}$/.test(text) && Number(text) <= HIGHEST_PORT,
      `a number from 0 to ${HIGHEST_PORT}`,
    ),
  },
  address: {
    variable: 'VOD_EMULATOR_ADDRESS',
    value: 'IP',
    summary: 'the only address to listen on, such as 0.0.0.0 in a container; loopback by default',
    explain: rule((text) => isIP(text) !== 0, 'an IP address'),
  },
  state: {
    variable: 'VOD_EMULATOR_STATE',
    value: 'FOLDER',
    fallback: '.vod-emulator',
    summary: 'folder of files, events, tasks and keys',
  },
  'secret-id': {
    variable: 'VOD_EMULATOR_SECRET_ID',
    value: 'ID',
    summary: 'SecretId of the account; by default one that is made once for each state folder',
    secret: true,
    explain: rule((text) => KEY.test(text), 'ASCII without spaces'),
  },
  'secret-key': {
    variable: 'VOD_EMULATOR_SECRET_KEY',
    value: 'KEY',
    summary: 'SecretKey of the account; by default made once, too',
    secret: true,
    explain: rule((text) => KEY.test(text), 'ASCII without spaces'),
  },
  'sign-key': {
    variable: 'VOD_EMULATOR_SIGN_KEY',
    value: 'KEY',
    summary: 'key of "Sign" in notifications; by default made once, too',
    secret: true,
    explain: rule((text) => SIGN_KEY.test(text), 'at most 32 letters and digits'),
  },
  'sub-app-ids': {
    variable: 'VOD_EMULATOR_SUB_APP_IDS',
    value: 'NUMBERS',
    fallback: '1500000001',
    summary: 'numbers of the applications, comma-separated; the first is the default one',
    explain: rule(
      (text) => /^[1-9]\d{0,15}(?:,[1-9]\d{0,15})*$/.test(text) && !hasTwice(text.split(',')),
      'different numbers, comma-separated',
    ),
  },
  'callback-url': {
    variable: 'VOD_EMULATOR_CALLBACK_URL',
    value: 'URL',
    summary:
      'where notifications are sent until ModifyEventConfig sets another address; none by default',
    explain: rule(isCallbackUrl, 'a URL that begins with http:// or https://'),
  },
  'callback-mode': {
    variable: 'VOD_EMULATOR_CALLBACK_MODE',
    value: 'MODE',
    fallback: 'push',
    summary:
      'push, or pull to let events wait for PullEvents, until ModifyEventConfig sets the other',
    explain: rule((text) => /^(?:push|pull)$/i.test(text), 'push or pull'),
  },
  procedures: {
    variable: 'VOD_EMULATOR_PROCEDURES',
    value: 'NAMES',
    summary: 'procedures of the account besides the presets, comma-separated; none by default',
    explain: rule((text) => !splitList(text).some(hasSpace), 'names, comma-separated'),
  },
  'class-ids': {
    variable: 'VOD_EMULATOR_CLASS_IDS',
    value: 'NUMBERS',
    summary: 'categories besides those that CreateClass makes, comma-separated; none by default',
    explain: rule(
      (text) => /^[1-9]\d{0,8}(?:,[1-9]\d{0,8})*$/.test(text),
      'numbers, comma-separated',
    ),
  },
  'unknown-names': {
    variable: 'VOD_EMULATOR_UNKNOWN_NAMES',
    value: 'WHAT',
    fallback: 'refuse',
    summary: 'refuse uploads with other procedures and categories, or accept them to fail later',
    explain: rule((text) => /^(?:refuse|accept)$/.test(text), 'refuse or accept'),
  },
  origins: {
    variable: 'VOD_EMULATOR_ORIGINS',
    value: 'ORIGINS',
    summary:
      'origins of pages that may call it besides those of this machine, comma-separated; their hosts may be used to call it, too',
    explain: explainDevOrigins,
  },
  tls: {
    variable: 'VOD_EMULATOR_TLS',
    summary:
      'serves https, and CONNECT as a proxy, on the same port, with certificates of its own authority',
    explain: rule((text) => /^[01]$/.test(text), '1 or 0'),
  },
} as const satisfies Record<string, Option>;

/** A flag of {@link OPTIONS}. */
export type OptionName = keyof typeof OPTIONS;

/** Every option in its order, with what may be missing. */
export const OPTION_LIST: readonly (readonly [OptionName, Option])[] = Object.entries(OPTIONS) as [
  OptionName,
  Option,
][];

function hasSpace(text: string): boolean {
  return /\s/.test(text);
}

function hasTwice(texts: readonly string[]): boolean {
  return new Set(texts).size < texts.length;
}
