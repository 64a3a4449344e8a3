import { isJsonObject } from '../../lib/validation/json-object.ts';
import { LIST_FIELDS } from './list-columns.ts';
import type { LookAt } from './look.ts';
import type { RowFile } from './row-file.ts';
import type { ShownItem } from './run-answers.ts';
import type { RunService } from './run-service.ts';
import { digestName } from './survey.ts';

/** Columns of a list of failures, which is a list again. */
export const FAILURE_COLUMNS: readonly string[] = LIST_FIELDS.filter(
  (field) => field !== 'size' && field !== 'duration',
);

/** Returns a line of a list of failures. */
export function toFailure(
  id: string,
  pull: Readonly<Record<string, unknown>>,
  problem: string,
): Record<string, unknown> {
  const { limits, ...fields } = pull;
  const flat = isJsonObject(limits)
    ? Object.fromEntries(Object.entries(limits).map(([name, value]) => [`limits.${name}`, value]))
    : {};
  return { id, ...fields, ...flat, problem: problem.replaceAll(/\s+/g, ' ') };
}

/** Columns of a mapping. */
export const MAPPING_COLUMNS = [
  'id',
  'sourceUrl',
  'uploadId',
  'fileId',
  'mediaUrl',
  'size',
  'duration',
  'state',
  'verified',
];

/** What was verified, by result. */
export interface Verification {
  readonly same: number;
  readonly different: number;
  /** Nothing was known about the source. */
  readonly unknown: number;
}

/** What is written at the end of a run. */
export interface ResultOptions {
  readonly service: RunService;
  readonly runId: string;
  readonly mapping: Pick<RowFile, 'write'> | undefined;
  readonly failures: Pick<RowFile, 'write'> | undefined;
  /** Bytes of the sources that were looked at, by the digest of their ids. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Seconds that the list expects, by the same. */
  readonly durations: ReadonlyMap<string, number>;
  /** Looks at sources whose size is not known; undefined: they are not looked at. */
  readonly lookAt: LookAt | undefined;
}

/** Sources that are looked at together. */
const AT_ONCE = 32;

/** Containers store times in units of their own, and a frame more or less is no difference. */
const MAX_SECONDS_APART = 1;

/** Writes what became of each item, and compares files with their sources. */
export async function writeResults(options: ResultOptions): Promise<Verification> {
  const counts = { same: 0, different: 0, unknown: 0 };
  const { service, runId, mapping, failures } = options;
  let batch: Promise<void>[] = [];
  const write = async (item: ShownItem) => {
    const verified = item.state === 'ready' ? await verify(item, options) : undefined;
    if (verified !== undefined) counts[verified] += 1;
    mapping?.write(toMapping(item, verified));
    if (isFailure(item)) {
      const { code = '', detail = '' } = item.problem ?? {};
      failures?.write(toFailure(item.id, item.request ?? {}, `${code} ${detail}`));
    }
  };
  for await (const item of service.items(runId, { with: 'request' })) {
    batch.push(write(item));
    if (batch.length < AT_ONCE) continue;
    await Promise.all(batch);
    batch = [];
  }
  await Promise.all(batch);
  return counts;
}

/** Whether another attempt could bring the source. One that was cancelled or deleted is not to be brought. */
function isFailure({ state }: ShownItem): boolean {
  return ['failed', 'refused', 'expired', 'rejected'].includes(state);
}

/** Returns the columns; the query of a URL is left out, since it may sign it. */
function toMapping({ request, problem: _, ...item }: ShownItem, verified: string | undefined) {
  const url = String(request?.['mediaUrl'] ?? '');
  const sourceUrl = URL.canParse(url) ? new URL(url).origin + new URL(url).pathname : undefined;
  const row = { ...item, sourceUrl, verified };
  return Object.fromEntries(Object.entries(row).filter(([name]) => MAPPING_COLUMNS.includes(name)));
}

async function verify(item: ShownItem, options: ResultOptions): Promise<keyof Verification> {
  const seconds = options.durations.get(digestName(item.id));
  if (seconds !== undefined && Math.abs((item.duration ?? 0) - seconds) > MAX_SECONDS_APART) {
    return 'different';
  }
  const size = await readSourceSize(item, options);
  if (size === undefined || item.size === undefined) {
    return seconds === undefined ? 'unknown' : 'same';
  }
  return size === item.size ? 'same' : 'different';
}

async function readSourceSize(
  { id, request }: ShownItem,
  { sizes, lookAt }: ResultOptions,
): Promise<number | undefined> {
  const url = String(request?.['mediaUrl'] ?? '');
  if (isPlaylist(url)) return undefined;
  const known = sizes.get(digestName(id));
  if (known !== undefined || lookAt === undefined || !URL.canParse(url)) return known;
  return (await lookAt(url)).size;
}

/** What is stored of a playlist are its segments, so its own size says nothing. */
function isPlaylist(url: string): boolean {
  return URL.canParse(url) && /\.m3u8$/i.test(new URL(url).pathname);
}
