import type { FetchCover } from '../actions/fetch-cover.ts';
import type { ContextConfig } from '../config/context-config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Settings } from '../policy/settings.ts';
import type { LogFields } from '../runtime/invocation.ts';
import type { Deadline } from '../system.ts';
import { forEachAtOnce } from '../system.ts';
import type { VodApi } from '../vod/client.ts';

/** What the steps of a sweep work with. */
export interface SweepRun {
  readonly ledger: Ledger;
  readonly api: VodApi;
  /** Applications of VOD that uploads go to, the service's own first; that one is undefined where none is configured. */
  readonly applications: readonly [own: number | undefined, ...tenants: number[]];
  /** How the contexts of uploads are proven. */
  readonly contexts: ContextConfig;
  /** What new media may be, and what is set of them. */
  readonly settings: Settings;
  readonly fetchCover: FetchCover;
  /** Whether VOD is asked now, too, about what is left to its notifications for a while. */
  readonly looksNow: boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A number from 0 up to, and without, 1. */
  readonly random: () => number;
  /** Resolves after the given number of milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** When work has to end. */
  readonly deadline: Deadline;
  /** Writes a log line of its own about something that a person should look at. */
  readonly report: (fields: LogFields) => void;
}

/** The same for a step that is about one application. */
export interface ApplicationRun extends SweepRun {
  readonly subAppId: number | undefined;
}

/** The steps whose work makes more of it for others. */
export interface Producers {
  readonly isOver: () => boolean;
  /** Resolves when they are over. */
  readonly over: Promise<void>;
}

/** Work that is begun with less than this could not be ended: a call to VOD and what is written of it. */
const SHORTEST_MILLISECONDS = 2_000;

/** Returns whether there is time to begin another piece of work. */
export function hasTime({ deadline }: Pick<SweepRun, 'deadline'>): boolean {
  return deadline.left() >= SHORTEST_MILLISECONDS;
}

/**
 * Does `work` on each of `items`, a bounded number at once, for as long as there is time to begin another. What `work`
 * throws goes to `fail`, and keeps nothing else from being done; without `fail` it must not throw.
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
): Promise<void> {
  await forEachAtOnce(items, atOnce, async (item) => {
    if (hasTime(run)) await work(item).catch(fail);
  });
}
