import * as v from 'valibot';
import { ConfigError } from '../config-error.ts';
import { RETAINED_KINDS, type RetainedKind, type Retention } from '../model/retention.ts';
import { regionName } from '../validation/fields.ts';
import { splitList } from './environment.ts';

const DAY = 24 * 60 * 60 * 1_000;

/** Days for which each kind is kept; Infinity for ever. */
type Days = Readonly<Record<RetainedKind, number>>;

/** Retention of what `RETENTION` does not name, unless something that it names requires another one. */
const DEFAULTS: Days = {
  events: 90,
  deliveries: 30,
  keys: 90,
  uploads: Number.POSITIVE_INFINITY,
  dead: 180,
};

/** The shortest retention of each kind in days, and the promise that a shorter one would break. */
const SHORTEST: Readonly<Record<RetainedKind, readonly [days: number, reason: string]>> = {
  // https://cloud.tencent.com/document/product/266/33779 and https://cloud.tencent.com/document/product/266/33431
  events: [7, 'VOD reports an event again for four days, and the result of a task for three'],
  deliveries: [4, 'a delivery is retried for three days'],
  // https://cloud.tencent.com/document/product/266/35575
  keys: [4, 'VOD recognises a repeated pull for three days only'],
  uploads: [7, 'VOD reports an event again for four days, and the result of a task for three'],
  dead: [7, 'operators need time to look at what was given up'],
};

/** Pairs of which the first must not be shorter than the second, and why. */
const LONGER: readonly (readonly [long: RetainedKind, short: RetainedKind, reason: string])[] = [
  ['events', 'deliveries', 'a delivery belongs to an event'],
  ['uploads', 'events', 'an event of an upload that is not known could count as new'],
  ['uploads', 'keys', 'a key stands for its upload'],
  ['dead', 'deliveries', 'a delivery that was given up must not go first'],
];

const MAX_DAYS = 36_500;

const EXAMPLE = 'write, for example, events=90d,deliveries=30d,uploads=forever';

/** Schema of `RETENTION`, whose output is a {@link Retention}. */
export const retention = v.pipe(
  v.string(),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }): Retention => {
    const { named, problems } = readItems(value);
    const days = complete(named);
    const wrong = problems.length > 0 ? problems : explainDays(days, named);
    for (const message of wrong) addIssue({ message });
    if (wrong.length > 0) return NEVER;
    const times = RETAINED_KINDS.map((kind) => [kind, toMilliseconds(days[kind])] as const);
    return Object.fromEntries(times) as Retention;
  }),
);

function toMilliseconds(days: number): number | undefined {
  return Number.isFinite(days) ? days * DAY : undefined;
}

type Named = Partial<Record<RetainedKind, number>>;

function readItems(text: string): { readonly named: Named; readonly problems: readonly string[] } {
  const named: Named = {};
  const problems: string[] = [];
  for (const item of splitList(text)) {
    const [name = '', value = '', ...rest] = item.split('=').map((part) => part.trim());
    const kind = RETAINED_KINDS.find((each) => each === name);
    const days = readDays(value);
    if (kind === undefined) {
      problems.push(`has something else than ${RETAINED_KINDS.join(', ')} before an =: ${EXAMPLE}`);
    } else if (named[kind] !== undefined) {
      problems.push(`must have ${kind} only once`);
    } else if (days === undefined || rest.length > 0) {
      problems.push(
        `must have a number of days from 1d to ${MAX_DAYS}d, or forever, for ${kind}: ${EXAMPLE}`,
      );
    } else named[kind] = days;
  }
  return { named, problems };
}

function readDays(text: string): number | undefined {
  if (text === 'forever') return Number.POSITIVE_INFINITY;
  const [, digits] = /^(\d{1,5})d$/.exec(text) ?? [];
  const days = Number(digits);
  return days >= 1 && days <= MAX_DAYS ? days : undefined;
}

/** What is not named follows from what is, so that one kind can be changed without naming the others. */
function complete(named: Named): Days {
  const { uploads = DEFAULTS.uploads } = named;
  const deliveries =
    named.deliveries ?? Math.min(DEFAULTS.deliveries, named.events ?? DEFAULTS.events, uploads);
  const events = named.events ?? Math.min(Math.max(DEFAULTS.events, deliveries), uploads);
  const keys = named.keys ?? Math.min(DEFAULTS.keys, uploads);
  return {
    uploads,
    deliveries,
    events,
    keys,
    dead: named.dead ?? Math.max(DEFAULTS.dead, deliveries),
  };
}

function explainDays(days: Days, named: Named): readonly string[] {
  const short = RETAINED_KINDS.flatMap((kind) => {
    const [least, reason] = SHORTEST[kind];
    return (named[kind] ?? least) < least
      ? [`must have ${least}d or more for ${kind}: ${reason}`]
      : [];
  });
  if (short.length > 0) return short;
  return LONGER.filter(([long, other]) => days[long] < days[other]).map(
    ([long, other, reason]) =>
      `must not have less for ${long} than for ${other}, which is ${write(days[other])}: ${reason}`,
  );
}

function write(days: number): string {
  return Number.isFinite(days) ? `${days}d` : 'forever';
}

/** Where rows are stored before they are removed. */
export interface RowExport {
  /** Name of a bucket with the number of its account. */
  readonly bucket: string;
  readonly region: string;
  /** Empty, or it ends with a slash. */
  readonly prefix: string;
}

/** Entries about the export for the schema of an environment. */
export const exportEnvironment = {
  // Names of buckets: https://cloud.tencent.com/document/product/436/13312.
  RETENTION_EXPORT: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        /^cos:\/\/[a-z\d](?:[a-z\d-]{0,48}[a-z\d])?-\d{6,12}(?:\/\w[\w.-]*)*\/?$/,
        'must be cos:// with the name of a bucket, the number of its account and a prefix of letters, digits and any of /._- inside it, such as cos://archive-1250000000/vod-upload',
      ),
    ),
  ),
  RETENTION_EXPORT_REGION: v.optional(regionName),
};

/**
 * Returns the configuration of the export in a checked environment; undefined if there is none.
 *
 * @throws {ConfigError} if only one of its variables is set.
 */
export function describeExport(e: {
  readonly RETENTION_EXPORT?: string | undefined;
  readonly RETENTION_EXPORT_REGION?: string | undefined;
}): RowExport | undefined {
  const { RETENTION_EXPORT: address, RETENTION_EXPORT_REGION: region } = e;
  if (address === undefined && region === undefined) return undefined;
  if (address === undefined || region === undefined) {
    const variable = address === undefined ? 'RETENTION_EXPORT' : 'RETENTION_EXPORT_REGION';
    const other = address === undefined ? 'RETENTION_EXPORT_REGION' : 'RETENTION_EXPORT';
    throw new ConfigError([{ variable, message: `must be set too if ${other} is` }]);
  }
  const [bucket = '', ...parts] = address.slice('cos://'.length).split('/').filter(Boolean);
  return { bucket, region, prefix: parts.map((part) => `${part}/`).join('') };
}
