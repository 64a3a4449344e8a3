import type { Arrived, Scene } from './scene.ts';
import type { Way } from './ways.ts';

/** What the documents' example of rules sets of the media that came by a way. */
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
/** The rule of that example that fills in what came by a way. */
export const RULE_OF: Readonly<Record<Way, (typeof RULED)[keyof typeof RULED]>> = {
  'console upload': RULED.editorial,
  'console pull': RULED.editorial,
  'server upload': RULED.editorial,
  'client upload': RULED.users,
  'API pull': RULED.users,
  'live recording': RULED.shows,
};

type Check = (arrived: Arrived, way: Way, scene: Scene) => unknown;

/** What came by a way and said nothing of itself is so. */
export function plain(check: Check) {
  return async (scene: Scene, way: Way) => check(await scene.plain(way), way, scene);
}

/** What came by a way and said all that it can is so. */
export function own(check: Check) {
  return async (scene: Scene, way: Way) => check(await scene.own(way), way, scene);
}
