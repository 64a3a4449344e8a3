import { createHash } from 'node:crypto';
import { deriveSignKey } from '../../lib/signing/secrets.ts';
import type { Chance } from '../support/chance.ts';
import { pickDeath, type Worker } from './built-functions.ts';
import { APPLICATIONS, type Course, OWN } from './world.ts';

/** Key of `Sign` in the notifications of the own application; the keys of tenants' applications are derived from it. */
export const SIGN_KEY = 'ChaosSignKeyExample';

/** How notifications fail. */
export interface PushWeather {
  readonly dropped: number;
  readonly duplicated: number;
  /** Share that an attacker also sends to another application's address, with a valid `Sign` of that application. */
  readonly astray: number;
  /** Share that arrives after everything else. */
  readonly late: number;
  /** Share of the calls that are killed. */
  readonly killed: number;
}

/** What happened to the notifications. */
export interface PushTally {
  readonly happened: number;
  readonly dropped: number;
  readonly duplicated: number;
  readonly astray: number;
  readonly late: number;
  readonly killed: number;
  /** All notifications that were sent, in the order in which they ended. */
  readonly sent: readonly Sent[];
}

/** A notification, and the application whose callback address it is sent to. */
interface Push {
  readonly event: object;
  readonly subAppId: number;
}

/** What happened to one notification. */
export interface Sent extends Push {
  readonly course: Course;
  /** The status of each answer: none if the process was killed each time. */
  readonly statuses: readonly number[];
  /** The log of the attempts that were answered with a failure. */
  readonly log: string;
}

type OnTheWay = Pick<Sent, 'event' | 'subAppId' | 'course'>;

type Counts = { -readonly [Name in Exclude<keyof PushTally, 'sent'>]: number };

/** Notifications that are waiting at the same time; any of them may arrive next. */
const ON_THEIR_WAY = 200;

/**
 * VOD sends up to three times if it receives no answer or no success:
 * https://cloud.tencent.com/document/product/266/7829.
 */
const MAX_ATTEMPTS = 3;

/** A killed process runs at most this number of milliseconds of its call. */
const MAX_LIFE = 25;

/**
 * Runs all steps of `courses`, those of different ones in any order, and sends the notifications about them with
 * `workers`: in random order, some twice, some late and some never, while some processes are killed.
 *
 * @param between is called after every notification, with the number of notifications so far.
 */
export async function pushAll(
  courses: readonly Course[],
  workers: readonly Worker[],
  weather: PushWeather,
  chance: Chance,
  between: (count: number) => Promise<void>,
): Promise<PushTally> {
  const tally: Counts = { happened: 0, dropped: 0, duplicated: 0, astray: 0, late: 0, killed: 0 };
  const going = courses
    .filter(({ steps }) => steps.length > 0)
    .map((course) => ({ course, done: 0 }));
  const onTheWay: OnTheWay[] = [];
  const late: OnTheWay[] = [];
  const sent: Sent[] = [];

  const advance = () => {
    const place = chance.below(going.length);
    const entry = going[place];
    if (entry === undefined) return;
    const { course, done } = entry;
    entry.done += 1;
    if (entry.done === course.steps.length) going.splice(place, 1);
    for (const event of course.steps[done]?.() ?? []) despatch({ ...course, event, course });
  };
  const despatch = ({ event, subAppId, course }: OnTheWay) => {
    for (const push of spread({ event, subAppId, course }, tally, weather, chance)) {
      const isLate = chance.happens(weather.late);
      if (isLate) tally.late += 1;
      (isLate ? late : onTheWay).push(push);
    }
  };
  const takeNext = (): OnTheWay | undefined => {
    while (going.length > 0 && onTheWay.length < ON_THEIR_WAY) advance();
    const queue = onTheWay.length > 0 ? onTheWay : late;
    const [next] = queue.splice(chance.below(queue.length), 1);
    return next;
  };
  const work = async (worker: Worker) => {
    for (let next = takeNext(); next !== undefined; next = takeNext()) {
      const { deaths, ...told } = await send(next, worker, weather, chance);
      tally.killed += deaths;
      sent.push({ ...next, ...told });
      await between(sent.length);
    }
  };
  await Promise.all(workers.map(work));
  return { ...tally, sent };
}

/** Returns how a notification is sent: never, or once or twice to its address, and possibly to another address too. */
function spread(
  push: OnTheWay,
  tally: Counts,
  weather: PushWeather,
  chance: Chance,
): readonly OnTheWay[] {
  tally.happened += 1;
  if (chance.happens(weather.dropped)) {
    tally.dropped += 1;
    return [];
  }
  const sent = [push];
  if (chance.happens(weather.duplicated)) {
    tally.duplicated += 1;
    sent.push(push);
  }
  if (chance.happens(weather.astray) && !push.course.staysHome) {
    tally.astray += 1;
    const others = APPLICATIONS.filter((other) => other !== push.subAppId);
    sent.push({ ...push, subAppId: others[chance.below(others.length)] ?? OWN });
  }
  return sent;
}

/** Sends until VOD would accept the answer; also returns how often the process was killed. */
async function send(push: Push, worker: Worker, { killed }: PushWeather, chance: Chance) {
  const statuses: number[] = [];
  let deaths = 0;
  let log = '';
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const outcome = await worker.call(wrap(push), pickDeath(chance, killed, MAX_LIFE));
    if (outcome.kind !== 'result') {
      deaths += 1;
      continue;
    }
    const status = Number(Object(outcome.value).statusCode);
    statuses.push(status);
    if (!isFailure(status)) break;
    log += outcome.log;
  }
  return { statuses, deaths, log };
}

/** Returns whether an answer says that the notification could not be stored. */
export function isFailure(status: number): boolean {
  return status >= 500;
}

/** Returns the event with which a trigger passes `callback` a notification that is signed now. */
export function wrap({ event, subAppId }: Push): object {
  const T = Math.floor(Date.now() / 1_000) + 600;
  const key = subAppId === OWN ? SIGN_KEY : deriveSignKey(SIGN_KEY, subAppId);
  const Sign = createHash('md5').update(`${key}${T}`).digest('hex');
  return {
    httpMethod: 'POST',
    path: '/',
    headers: { 'content-type': 'application/json' },
    queryString: subAppId === OWN ? {} : { subAppId: String(subAppId) },
    body: JSON.stringify({ ...event, Sign, T }),
  };
}
