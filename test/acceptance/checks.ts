import type { Arrived, Scene } from './scene.ts';
import type { Way } from './ways.ts';

/** What the documents' example of rules sets for media that arrive by each way. */
const RULED = {
  editorial: {
    ...{ rule: 'editorial', classId: 7, expireAfter: 31_536_000 },
    ...{ taskPriority: 5, sessionContext: 'editorial' },
  },
  shows: {
    ...{ rule: 'shows', classId: 8, expireAfter: 2_592_000 },
    ...{ taskPriority: -5, sessionContext: 'show' },
  },
  users: {
    ...{ rule: 'users', classId: 9, expireTime: '2099-01-01T00:00:00Z' },
    ...{ taskPriority: 1, sessionContext: 'user' },
  },
};
/** The rule of that example that completes media of each way. */
export const RULE_OF: Readonly<Record<Way, (typeof RULED)[keyof typeof RULED]>> = {
  'console upload': RULED.editorial,
  'console pull': RULED.editorial,
  'server upload': RULED.editorial,
  'client upload': RULED.users,
  'API pull': RULED.users,
  'live recording': RULED.shows,
};

type Check = (arrived: Arrived, way: Way, scene: Scene) => unknown;

/** Checks media that arrived by a way without any fields of their own. */
export function plain(check: Check) {
  return async (scene: Scene, way: Way) => check(await scene.plain(way), way, scene);
}

/** Checks media that arrived by a way with every field that it can set. */
export function own(check: Check) {
  return async (scene: Scene, way: Way) => check(await scene.own(way), way, scene);
}
