import { createHash } from 'node:crypto';
import { deriveSignKey } from '../../lib/signing/sign-key.ts';
import type { Chance } from '../support/chance.ts';
import { pickDeath, type Worker } from './built-functions.ts';
import type { Life } from './lives.ts';
import { APPLICATIONS, OWN } from './world.ts';

/** Key of `Sign` in the notifications of the own application; those of the tenants' ones are derived from it. */
export const SIGN_KEY = 'ChaosSignKeyExample';

/** How the world treats notifications. */
export interface PushWeather {
  readonly dropped: number;
  readonly duplicated: number;
  /** Share that somebody sends to another application's address as well, with a good `Sign` of that one. */
  readonly astray: number;
  /** Share of the calls that are killed. */
  readonly killed: number;
}

/** What became of the notifications. */
export interface PushTally {
  readonly happened: number;
  readonly dropped: number;
  readonly duplicated: number;
  readonly astray: number;
  readonly killed: number;
}

/** A notification, and the application whose callback address it goes to. */
interface Push {
  readonly event: object;
  readonly subAppId: number;
}

/** Notifications on their way at once; any of them may come next. */
const ON_THEIR_WAY = 200;

/** VOD sends up to three times where it has no answer: https://cloud.tencent.com/document/product/266/7829. */
const MOST_ATTEMPTS = 3;

/** A killed process lives at most so many milliseconds of its call. */
const LONGEST_LIFE = 25;

/**
 * Lets all steps of `lives` happen, those of different lives in any order, and sends what tells of them by `workers`:
 * shuffled, some twice and some never, with processes dying at times.
 *
 * @param between is called after every notification, with how many there were.
 */
export async function pushAll(
  lives: readonly Life[],
  workers: readonly Worker[],
  weather: PushWeather,
  chance: Chance,
  between: (sent: number) => Promise<void>,
): Promise<PushTally> {
  const tally = { happened: 0, dropped: 0, duplicated: 0, astray: 0, killed: 0 };
  const going = lives.filter(({ steps }) => steps.length > 0).map((life) => ({ life, done: 0 }));
  const onTheWay: Push[] = [];
  let sent = 0;

  const advance = () => {
    const place = chance.below(going.length);
    const entry = going[place];
    if (entry === undefined) return;
    const event = entry.life.steps[entry.done]?.();
    entry.done += 1;
    if (entry.done === entry.life.steps.length) going.splice(place, 1);
    if (event === undefined) return;
    onTheWay.push(...spread({ event, subAppId: entry.life.subAppId }, tally, weather, chance));
  };
  const takeNext = (): Push | undefined => {
    while (going.length > 0 && onTheWay.length < ON_THEIR_WAY) advance();
    const [next] = onTheWay.splice(chance.below(onTheWay.length), 1);
    return next;
  };
  const work = async (worker: Worker) => {
    for (let next = takeNext(); next !== undefined; next = takeNext()) {
      tally.killed += await send(next, worker, weather, chance);
      sent += 1;
      await between(sent);
    }
  };
  await Promise.all(workers.map(work));
  return tally;
}

/** Answers what is sent of a notification: nothing, or once or twice to its address, and maybe to another one too. */
function spread(
  push: Push,
  tally: { -readonly [Name in keyof PushTally]: number },
  weather: PushWeather,
  chance: Chance,
): readonly Push[] {
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
  if (chance.happens(weather.astray)) {
    tally.astray += 1;
    const others = APPLICATIONS.filter((other) => other !== push.subAppId);
    sent.push({ ...push, subAppId: others[chance.below(others.length)] ?? OWN });
  }
  return sent;
}

/** Sends until there is an answer; answers how often the process died. */
async function send(
  push: Push,
  worker: Worker,
  { killed }: PushWeather,
  chance: Chance,
): Promise<number> {
  let deaths = 0;
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const outcome = await worker.call(wrap(push), pickDeath(chance, killed, LONGEST_LIFE));
    if (outcome.kind === 'result') return deaths;
    deaths += 1;
  }
  return deaths;
}

/** Answers the event with which a trigger hands `callback` a notification that is signed now. */
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
