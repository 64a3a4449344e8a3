import type { State } from './state.ts';

/** How many things of each kind expired in a time. */
export interface Expired {
  /** Temporary credentials for storage. */
  readonly storageCredentials: number;
  /** Uploads that can no longer be continued or committed. */
  readonly uploads: number;
  /** Tasks that can no longer be queried. */
  readonly tasks: number;
  /** Events that were not pulled or confirmed. */
  readonly events: number;
  readonly media: number;
}

/** Returns what expired after `from`, up to and including `to`, in the applications of one account. */
export function countExpired(states: readonly State[], from: Date, to: Date): Expired {
  const count = (seconds: Iterable<number>) =>
    [...seconds].filter((at) => at * 1_000 > from.getTime() && at * 1_000 <= to.getTime()).length;
  const ends = (records: (state: State) => Iterable<{ readonly expiresAt: number }>) =>
    states.flatMap((state) => [...records(state)].map(({ expiresAt }) => expiresAt));
  const [own] = states;
  return {
    // All applications see the same credentials.
    storageCredentials: count([...(own?.grants.values() ?? [])].map(({ expiresAt }) => expiresAt)),
    uploads: count(ends(({ sessions }) => sessions.values())),
    tasks: count([
      ...ends(({ finishedProcedures }) => finishedProcedures.values()),
      ...ends(({ pulls }) => pulls.values()),
    ]),
    events: count(
      states.flatMap(({ queuedEvents }) =>
        [...queuedEvents.values()].map(({ keptUntil }) => keptUntil / 1_000),
      ),
    ),
    media: count(
      states.flatMap(({ media }) =>
        [...media.values()].map(({ expireTime }) => Date.parse(expireTime) / 1_000),
      ),
    ),
  };
}
