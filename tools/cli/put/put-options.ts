import { CommandError } from '../command.ts';
import { readArguments } from '../read-options.ts';

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
  state: { type: 'string', default: '.vod-upload' },
  'dry-run': { type: 'boolean', default: false },
  abort: { type: 'boolean', default: false },
  again: { type: 'boolean', default: false },
  'skip-existing': { type: 'boolean', default: false },
  wait: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** The options of `put`, as they are typed. */
export type PutOptions = ReturnType<typeof readPutOptions>['values'];

/** Returns what is typed after `vod-upload put`. @throws {CommandError} */
export function readPutOptions(args: readonly string[]) {
  const read = readArguments('vod-upload put', args, OPTIONS);
  const wrong = [...explainPaths(read.positionals, read.values), ...explainWay(read.values)];
  if (wrong.length > 0) throw new CommandError(`${wrong.join(' ')} See "vod-upload put --help".`);
  return read;
}

function explainPaths(
  paths: readonly string[],
  {
    size,
    wait,
    abort,
    name,
    ...values
  }: ReturnType<typeof readArguments<typeof OPTIONS>>['values'],
): readonly string[] {
  const isInput = paths.includes('-');
  const hasOne = paths.length === 1;
  return [
    ...(paths.length === 0
      ? ['Name the files or folders to upload, or - for standard input.']
      : []),
    ...(isInput && !hasOne ? ['Standard input (-) is uploaded alone.'] : []),
    ...(isInput && name === undefined
      ? ['--name is needed for standard input: --name film.mp4']
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

function explainWay(
  values: ReturnType<typeof readArguments<typeof OPTIONS>>['values'],
): readonly string[] {
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
