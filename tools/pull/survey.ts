import { hash } from 'node:crypto';
import { Problem } from '../../lib/problem.ts';
import { parsePullRequest } from '../../lib/validation/pull-request.ts';
import type { LookAt } from './look.ts';
import type { ListedPull } from './read-list.ts';
import { nameSource } from './source-id.ts';

/** A source of a list, under the name by which its run knows it. */
interface NamedPull extends ListedPull {
  readonly name: string;
}

/** A line that is not pulled, and why. */
interface RefusedLine extends NamedPull {
  readonly reason: string;
}

/** What is known about a list before anything is pulled. */
export interface Survey {
  readonly lines: number;
  /** Sources that would be pulled, known ones included. */
  readonly accepted: number;
  /** Of them, those that the run had before. */
  readonly known: number;
  /** Lines with a source that another line has, which counts. */
  readonly duplicates: number;
  /** The first of them, and those whose sources they have. */
  readonly firstDuplicates: readonly { readonly line: number; readonly of: number }[];
  /** In all, of the sources whose size is known. */
  readonly bytes: number;
  /** Sources that were looked at without learning their size, and those without ranges. */
  readonly unsized: number;
  readonly withoutRanges: number;
  /** Lines that are not pulled; most frequent reason first. */
  readonly refused: readonly {
    readonly reason: string;
    readonly count: number;
    readonly first: readonly number[];
  }[];
  /** Numbers of the lines that are not pulled, duplicates included. */
  readonly left: ReadonlySet<number>;
  /** Bytes of each source whose size is known, by {@link digestName}. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** How a list is surveyed. */
export interface SurveyOptions {
  /** Undefined: sources are not looked at. */
  readonly lookAt: LookAt | undefined;
  /** Sources that the run has, by {@link digestName}; they are not looked at again. */
  readonly known: ReadonlySet<string>;
  /** Whether URLs become known later. */
  readonly withoutUrls: boolean;
  /** Unix milliseconds. */
  readonly now: number;
  /** Receives each line that is refused. */
  readonly onRefused: (refused: RefusedLine) => void;
  /** Is told how many lines were surveyed. */
  readonly onProgress: (lines: number) => void;
}

/** Lines that are being looked at; the list is not read further while there are this many. */
const MAX_AHEAD = 256;

/** Lines that are named with a reason, and duplicates that are named. */
const SHOWN_LINES = 3;
const SHOWN_DUPLICATES = 10;

/** Returns a short name for a source, of which a million take some hundred megabytes less than the names themselves. */
export function digestName(name: string): string {
  return hash('sha256', name, 'base64').slice(0, 20);
}

/** Looks at all sources of a list, and changes nothing. */
export async function surveyList(
  list: AsyncIterable<ListedPull>,
  options: SurveyOptions,
): Promise<Survey> {
  const tally = createTally(options);
  const running = new Map<string, Promise<void>>();
  for await (const listed of list) {
    const { sums } = tally;
    sums.lines += 1;
    options.onProgress(sums.lines);
    const item = { ...listed, name: nameSource(listed.id, listed.pull['mediaUrl']) };
    const digest = digestName(item.name);
    // Whether the line before counts is not known yet.
    await running.get(digest);
    if (tally.isTaken(item, digest)) continue;
    const work = examine(item, digest, options, tally).finally(() => running.delete(digest));
    running.set(digest, work);
    if (running.size >= MAX_AHEAD) await Promise.race(running.values());
  }
  await Promise.all(running.values());
  return tally.end();
}

type Tally = ReturnType<typeof createTally>;

function createTally({ onRefused }: Pick<SurveyOptions, 'onRefused'>) {
  const left = new Set<number>();
  /** Lines that count, by the digests of their sources. */
  const taken = new Map<string, number>();
  const firstDuplicates: { line: number; of: number }[] = [];
  const sizes = new Map<string, number>();
  const reasons = new Map<string, { count: number; first: number[] }>();
  const counts = { lines: 0, accepted: 0, known: 0, duplicates: 0 };
  const sums = { ...counts, bytes: 0, unsized: 0, withoutRanges: 0 };
  return {
    sums,
    /** Returns whether another line with this source counts; otherwise this one does, until it is refused. */
    isTaken({ line }: NamedPull, digest: string): boolean {
      const of = taken.get(digest);
      if (of === undefined) {
        taken.set(digest, line);
        return false;
      }
      sums.duplicates += 1;
      left.add(line);
      if (firstDuplicates.length < SHOWN_DUPLICATES) firstDuplicates.push({ line, of });
      return true;
    },
    refuse(item: NamedPull, digest: string, reason: string) {
      left.add(item.line);
      taken.delete(digest);
      const found = reasons.get(reason) ?? { count: 0, first: [] };
      reasons.set(reason, found);
      found.count += 1;
      if (found.first.length < SHOWN_LINES) found.first.push(item.line);
      onRefused({ ...item, reason });
    },
    accept(digest: string, size: number | undefined) {
      sums.accepted += 1;
      if (size === undefined) return;
      sums.bytes += size;
      sizes.set(digest, size);
    },
    end(): Survey {
      const refused = [...reasons].map(([reason, found]) => ({ reason, ...found }));
      return {
        ...sums,
        firstDuplicates,
        left,
        sizes,
        refused: refused.toSorted((a, b) => b.count - a.count),
      };
    },
  };
}

async function examine(
  item: NamedPull,
  digest: string,
  options: SurveyOptions,
  { sums, refuse, accept }: Tally,
): Promise<void> {
  const reason = explainPull(item, options);
  if (reason !== undefined) return refuse(item, digest, reason);
  const { lookAt, known, withoutUrls } = options;
  const { size: expected } = item.expected;
  if (known.has(digest)) sums.known += 1;
  if (known.has(digest) || lookAt === undefined || withoutUrls) return accept(digest, expected);
  const { refusal, size = expected, hasRanges } = await lookAt(String(item.pull['mediaUrl']));
  if (refusal !== undefined) return refuse(item, digest, refusal);
  if (size === undefined) sums.unsized += 1;
  if (hasRanges !== true) sums.withoutRanges += 1;
  accept(digest, size);
}

/** Stands for the URL that a source gets later. */
const LATER = 'https://media.example.com/file.mp4';

/** Returns what the service would refuse; it knows hosts and ports that are allowed, and may refuse more. */
function explainPull(
  { pull, id }: NamedPull,
  { now, withoutUrls }: SurveyOptions,
): string | undefined {
  const { mediaUrl } = pull;
  if (withoutUrls && id === undefined && mediaUrl === undefined) return 'it has no id';
  const url = withoutUrls ? LATER : mediaUrl;
  const port = typeof url === 'string' && URL.canParse(url) ? Number(new URL(url).port) : 0;
  try {
    const context = { nowSeconds: Math.floor(now / 1_000), policy: { ports: [port] } };
    parsePullRequest({ ...pull, mediaUrl: url }, context);
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const [first] = error.errors ?? [];
    return first === undefined ? error.message : `${first.path} ${first.message}`.trim();
  }
}
