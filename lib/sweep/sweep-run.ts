import type { FetchCover } from '../actions/fetch-cover.ts';
import type { ContextConfig } from '../config/context-config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Settings } from '../policy/settings.ts';
import type { LogFields } from '../runtime/invocation.ts';
import type { Clock, Deadline, Random } from '../system.ts';
import { forEachAtOnce } from '../system.ts';
import type { VodApi } from '../vod/client.ts';

/** Dependencies of the steps of a sweep. */
export interface SweepRun {
  readonly ledger: Ledger;
  readonly api: VodApi;
  /** Applications of VOD that uploads go to, the service's own first; that one is undefined if none is configured. */
  readonly applications: readonly [own: number | undefined, ...tenants: number[]];
  /** How the contexts of uploads are verified. */
  readonly contexts: ContextConfig;
  /** Limits of new media, and rules for them. */
  readonly settings: Settings;
  readonly fetchCover: FetchCover;
  /** Whether VOD is also asked now about what is otherwise left to its notifications for some time. */
  readonly looksNow: boolean;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly random: Pick<Random, 'fraction'>;
  /** When work has to end. */
  readonly deadline: Deadline;
  /** Writes a separate log line about something that an operator should look at. */
  readonly report: (fields: LogFields) => void;
}

/** The same for a step that is about one application. */
export interface ApplicationRun extends SweepRun {
  readonly subAppId: number | undefined;
}

/** The steps that create work for others. */
export interface Producers {
  readonly isOver: () => boolean;
  /** Resolves when they are over. */
  readonly over: Promise<void>;
}

/** Least time for a piece of work: a call to VOD, and recording its result. */
const SHORTEST_MILLISECONDS = 2_000;

/** Returns whether there is time for another piece of work. */
export function hasTime({ deadline }: Pick<SweepRun, 'deadline'>): boolean {
  return deadline.left() >= SHORTEST_MILLISECONDS;
}

/**
 * Does `work` on each of `items`, at most `atOnce` at a time, while there is time for another; returns those for which there
 * was none. An error that `work` throws is passed to `fail`, and does not stop the others; without `fail` it must not throw.
 */
export async function forEachInTime<Item>(
  items: readonly Item[],
  atOnce: number,
  run: Pick<SweepRun, 'deadline'>,
  {
    work,
    fail,
  }: {
    readonly work: (item: Item) => Promise<void>;
    readonly fail?: (error: unknown) => void;
  },
): Promise<readonly Item[]> {
  const left: Item[] = [];
  await forEachAtOnce(items, atOnce, async (item) => {
    if (hasTime(run)) await work(item).catch(fail);
    else left.push(item);
  });
  return left;
}
