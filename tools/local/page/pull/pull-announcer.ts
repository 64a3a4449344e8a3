import { isEnded, summarizePulls, type ViewedPull } from './pull.ts';

/** Announces how pulls have ended. */
export interface PullAnnouncer {
  tell(pulls: readonly ViewedPull[]): void;
}

/** Returns an announcer that announces each end once, and only the number of them if there are many at a time. */
export function createPullAnnouncer(announce: (text: string) => void): PullAnnouncer {
  let told = new Set<number>();
  return {
    tell(pulls) {
      const ended = pulls.filter(({ view }) => isEnded(view));
      const fresh = ended.filter(({ item }) => !told.has(item.id));
      told = new Set(ended.map(({ item }) => item.id));
      const [first] = fresh;
      if (first === undefined) return;
      const { host, path } = first.view.address;
      announce(
        fresh.length === 1
          ? `${host}${path}: ${first.view.label}`
          : `Ended: ${summarizePulls(fresh.map(({ view }) => view))}`,
      );
    },
  };
}
