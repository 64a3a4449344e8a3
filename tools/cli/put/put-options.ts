import { typeOf } from '../../../client/put/media-name.ts';
import { PART_LIMITS } from '../../../client/put/part-plan.ts';
import { isMediaType } from '../../../lib/validation/media-type.ts';
import { CommandError } from '../command.ts';
import { readArguments } from '../read-options.ts';
import { explainFunctionUrl } from '../show-url.ts';

const OPTIONS = {
  endpoint: { type: 'string' },
  'uploads-endpoint': { type: 'string' },
  direct: { type: 'boolean', default: false },
  'env-file': { type: 'string' },
  'cloud-url': { type: 'string' },
  name: { type: 'string' },
  type: { type: 'string' },
  cover: { type: 'string' },
  'class-id': { type: 'string' },
  procedure: { type: 'string' },
  'task-priority': { type: 'string' },
  'task-notify-mode': { type: 'string' },
  'source-context': { type: 'string' },
  'session-context': { type: 'string' },
  'storage-region': { type: 'string' },
  'expire-time': { type: 'string' },
  'ext-info': { type: 'string' },
  'media-storage-path': { type: 'string' },
  recursive: { type: 'boolean', short: 'r', default: false },
  include: { type: 'string', multiple: true },
  exclude: { type: 'string', multiple: true },
  size: { type: 'string' },
  'part-size': { type: 'string' },
  'max-rate': { type: 'string' },
  patience: { type: 'string', default: '600' },
  state: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  abort: { type: 'boolean', default: false },
  again: { type: 'boolean', default: false },
  'skip-existing': { type: 'boolean', default: false },
  wait: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

type Typed = ReturnType<typeof readArguments<typeof OPTIONS>>['values'];

/** The options of `put`, as they are typed; the type of the media is written as in VOD's API. */
export type PutOptions = Typed;

/** Numbers among the options; undefined where none is given. */
export interface PutLimits {
  readonly partBytes: number | undefined;
  /** Bytes in a second. */
  readonly maxRate: number | undefined;
  /** Milliseconds. */
  readonly patience: number;
  /** Bytes of standard input. */
  readonly size: number | undefined;
}

/** Returns what is typed after `vod-upload put`. @throws {CommandError} that names all that is wrong. */
export function readPutOptions(args: readonly string[]) {
  const { values: typed, positionals: paths } = readArguments('vod-upload put', args, OPTIONS);
  const { type } = typed;
  const options: PutOptions =
    type === undefined ? typed : { ...typed, type: type.replace(/^\./, '').toLowerCase() };
  const { limits, wrong: wrongValues } = readLimits(options);
  const wrong = [...explainPaths(paths, options), ...explainWay(options)];
  wrong.push(...explainMedia(paths, options), ...wrongValues);
  if (wrong.length > 0) throw new CommandError(`${wrong.join(' ')} See "vod-upload put --help".`);
  return { options, paths, limits };
}

function readLimits(options: PutOptions) {
  const wrong: string[] = [];
  const attempt = <Value>(read: () => Value): Value | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      wrong.push(error.message);
      return undefined;
    }
  };
  const limits: PutLimits = {
    partBytes: attempt(() => readPartBytes(options['part-size'])),
    maxRate: attempt(() => readRate(options['max-rate'])),
    patience: (attempt(() => readSeconds(options.patience)) ?? 0) * 1_000,
    size: attempt(() => readBytes('--size', options.size)),
  };
  for (const name of ['class-id', 'task-priority'] as const) {
    attempt(() => readInteger(`--${name}`, options[name]));
  }
  for (const name of ['endpoint', 'uploads-endpoint'] as const) {
    attempt(() => readUrl(`--${name}`, options[name]));
  }
  attempt(() => readCloudUrl(options['cloud-url']));
  return { limits, wrong };
}

function readPartBytes(text: string | undefined): number | undefined {
  const bytes = readBytes('--part-size', text);
  const { minBytes, maxBytes } = PART_LIMITS;
  if (bytes === undefined || (bytes >= minBytes && bytes <= maxBytes)) return bytes;
  throw new CommandError('--part-size must be from 1MiB to 5GiB.');
}

function readRate(text: string | undefined): number | undefined {
  const bytes = readBytes('--max-rate', text);
  if (bytes === 0) throw new CommandError('--max-rate must be greater than 0.');
  return bytes;
}

function readSeconds(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CommandError('--patience must be a whole number of seconds, such as 600.');
}

/** What can be known about the media before anything is read. */
function explainMedia(
  paths: readonly string[],
  { type, name = '', cover, state }: PutOptions,
): readonly string[] {
  const isUnknown = type !== undefined && type !== 'mpd' && !isMediaType(type);
  const isLacking = paths.includes('-') && type === undefined && !isMediaType(typeOf(name));
  const coverType = cover === undefined ? undefined : typeOf(cover);
  return [
    ...(isUnknown ? ['--type must be a type that VOD takes, such as mp4, mov or mp3.'] : []),
    ...(isLacking && name !== ''
      ? ['--type is needed, since --name does not end with a type: --type mp4.']
      : []),
    ...(coverType === '' || isMediaType(coverType ?? '')
      ? ['--cover must be an image, such as cover.jpg.']
      : []),
    ...(state === '' ? ['--state must name a folder.'] : []),
  ];
}

function explainPaths(
  paths: readonly string[],
  { size, abort, name, ...values }: Typed,
): readonly string[] {
  const isInput = paths.includes('-');
  const hasOne = paths.length === 1;
  return [
    ...(paths.length === 0
      ? ['Name the files or folders to upload, or - for standard input.']
      : []),
    ...(isInput && !hasOne ? ['Standard input (-) is uploaded alone.'] : []),
    ...(isInput && name === undefined
      ? ['--name is needed for standard input: --name film.mp4.']
      : []),
    ...(isInput && abort
      ? ['Standard input cannot be continued, so there is nothing to --abort.']
      : []),
    ...(isInput && values['skip-existing']
      ? ['Standard input can be read only once, so --skip-existing is for files.']
      : []),
    ...(!isInput && size !== undefined ? ['--size is for standard input.'] : []),
    ...(hasOne ? [] : listGiven({ name, cover: values.cover, type: values.type })).map(
      (option) => `${option} is for a single file.`,
    ),
  ];
}

/** Options that only one of both ways has. */
const ONLY_DIRECT = ['ext-info', 'media-storage-path'] as const;
const ONLY_FUNCTIONS = [
  'endpoint',
  'uploads-endpoint',
  'task-priority',
  'task-notify-mode',
] as const;

function explainWay(values: Typed): readonly string[] {
  const { direct, wait } = values;
  const pick = (names: readonly (keyof typeof values)[]) =>
    listGiven(Object.fromEntries(names.map((name) => [name, values[name]])));
  return [
    ...(direct ? [] : pick(ONLY_DIRECT).map((option) => `${option} needs --direct.`)),
    ...(direct ? pick(ONLY_FUNCTIONS).map((option) => `${option} does not go with --direct.`) : []),
    ...(direct && wait
      ? ['--wait needs --endpoint: without the functions nobody knows what becomes of it.']
      : []),
    ...(direct && values['skip-existing']
      ? ['--skip-existing needs --endpoint: without the functions nobody knows what is there.']
      : []),
    ...(values.again && values['skip-existing']
      ? ['--again uploads what is there, and --skip-existing does not: give one of them.']
      : []),
  ];
}

function listGiven(values: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(values)
    .filter((name) => values[name] !== undefined)
    .map((name) => `--${name}`);
}

const UNITS: Readonly<Record<string, number>> = {
  ...{ '': 1, b: 1, k: 1e3, kb: 1e3, m: 1e6, mb: 1e6, g: 1e9, gb: 1e9, t: 1e12, tb: 1e12 },
  ...{ kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3, tib: 1024 ** 4 },
};

/** Returns a number of bytes, such as `5MB` or `8MiB`; undefined without a text. @throws {CommandError} */
export function readBytes(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim()) ?? [];
  const bytes = Math.round(Number(number) * (UNITS[unit.toLowerCase()] ?? Number.NaN));
  if (number !== '' && Number.isSafeInteger(bytes)) return bytes;
  throw new CommandError(`${option} must be a number of bytes, such as 500000, 5MB or 8MiB.`);
}

/** Returns a whole number; undefined without a text. @throws {CommandError} */
export function readInteger(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^-?\d{1,10}$/.test(text)) return Number(text);
  throw new CommandError(`${option} must be a whole number.`);
}

/** Returns a URL without a slash at its end; undefined without a text. @throws {CommandError} */
export function readUrl(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const wrong = explainFunctionUrl(text);
  if (wrong !== undefined) throw new CommandError(`${option} ${wrong}.`);
  return text.replace(/\/+$/, '');
}

/** Returns the address of an emulator; undefined without a text. @throws {CommandError} */
export function readCloudUrl(text: string | undefined): string | undefined {
  const url = readUrl('--cloud-url', text);
  if (url === undefined || new URL(url).pathname !== '/') return url;
  throw new CommandError(`--cloud-url must have a path, such as ${url}/__vod.`);
}
