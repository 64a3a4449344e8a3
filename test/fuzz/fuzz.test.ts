import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { deriveSignKey } from '../../lib/signing/secrets.ts';
import { CANARIES, findCanaries, SIGNED } from '../security/canaries.ts';
import { type BuiltFolder, buildFolder, type EntryPoint } from '../support/built-folder.ts';
import { type Chance, createChance } from '../support/chance.ts';
import { SCF_CONTEXT } from '../support/http-events.ts';
import { readSize } from '../support/read-size.ts';
import { signCallback } from '../support/sign-callback.ts';
import { useDatabases } from '../support/use-ledger.ts';
import { refuse, startVodServer, succeed, type VodServer } from '../support/vod-server.ts';
import { answerFairly } from './answer-fairly.ts';
import { findFlaws, findLogFlaws } from './check-answer.ts';
import { APPLICATIONS, makeCallers, TENANT_SETTINGS } from './fuzz-callers.ts';
import { type FuzzCredentials, makeEvent } from './fuzz-events.ts';
import { makeJunk, spoil } from './junk.ts';

/** One with which the small run gets every status of REACHED. */
const SEED = 20_261_124;

/** Events of a short and of a full run. */
const EVENTS = { small: 5_000, full: 200_000 };

/** Share of all events that are sent. */
const SHARE = readSize('FUZZ', EVENTS) / EVENTS.full;

/** Share of the events during which calls to VOD fail or receive arbitrary answers. */
const FAULTS = 0.1;

/** Most characters of an event that are shown with a flaw. */
const MAX_SHOWN = 500;

/** This number of answers is searched for secrets together. */
const SEARCH_EVERY = 1_000;

const OTHERS = Object.values(CANARIES).filter(({ name }) => name !== CANARIES.keyId.name);

/** The clock advances each time it is read, so that no rate limit makes a call wait. */
const TICK_MILLISECONDS = 11;

const databases = useDatabases();
/** One without tenants and one with tenants, and the applications known there; each gets half of all events. */
let worlds: readonly {
  readonly built: BuiltFolder;
  readonly applications: readonly unknown[];
  readonly vod: VodServer;
  /** Applications that its VOD was asked about: a call that was given up may arrive after the next world has begun. */
  readonly asked: Set<unknown>;
}[];
let credentials: FuzzCredentials;
let faults: number;
/** Whether VOD fails, whatever the call. */
let isBadMoment: boolean;
let statuses: Set<number>;
const chance = createChance(SEED);
/** Of VOD alone: its calls come at times of their own, and every run sends the same events. */
const weather = createChance(SEED + 1);

/** Resolves with a VOD that fails in bad moments, and notes in `asked` which applications it is asked about. */
function startVod(asked: Set<unknown>): Promise<VodServer> {
  return startVodServer((response, { action, parameters }) => {
    asked.add(parameters['SubAppId']);
    if (isBadMoment) {
      faults += 1;
      if (weather.happens(0.4)) return refuse(response, 'InternalError');
      if (weather.happens(0.3)) return void response.destroy();
      const fair = answerFairly(action, parameters, weather);
      const answer = spoil(fair, 1 + weather.below(4), weather);
      return void response.end(JSON.stringify({ Response: answer }) ?? '');
    }
    return succeed(response, answerFairly(action, parameters, weather));
  });
}

beforeAll(async () => {
  const kinds = [
    { built: await buildFolder(), applications: [undefined] },
    { built: await buildFolder(TENANT_SETTINGS), applications: APPLICATIONS },
  ];
  worlds = await Promise.all(
    kinds.map(async (kind) => {
      const asked = new Set();
      return { ...kind, asked, vod: await startVod(asked) };
    }),
  );
  const signedOf = Object.fromEntries(
    APPLICATIONS.slice(1).map((subAppId) => {
      const key = deriveSignKey(CANARIES.signKey.value, subAppId);
      return [String(subAppId), signCallback(key, SIGNED.T)];
    }),
  );
  credentials = { callers: await makeCallers(chance), signed: SIGNED, signedOf };
});
afterAll(() => Promise.all(worlds.flatMap(({ built, vod }) => [vod.close(), built.remove()])));
afterEach(() => vi.unstubAllEnvs());

function stubEnvironment(endpoint: string, databaseUrl: string | undefined, own: unknown): void {
  const variables = {
    AUTH_JWT_SECRET: CANARIES.jwtSecret.value,
    CORS_ORIGINS: 'https://app.example.com',
    VOD_SECRET_ID: CANARIES.keyId.value,
    VOD_SECRET_KEY: CANARIES.key.value,
    CALLBACK_SIGN_KEYS: CANARIES.signKey.value,
    VOD_API_ENDPOINT: endpoint,
    VOD_API_PROTOCOL: 'http',
    VOD_PULLS_PER_SECOND: '100',
    VOD_SUB_APP_ID: own === undefined ? undefined : String(own),
    DATABASE_URL: databaseUrl,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

/** Runs `work` while the output of this process is captured, its clock runs fast, and retries do not wait. */
async function overhear(work: (takeOutput: () => string) => Promise<void>): Promise<void> {
  const { write } = process.stdout;
  const { random } = Math;
  const { now } = performance;
  let written = '';
  let ahead = 0;
  process.stdout.write = (chunk: string | Uint8Array) => {
    written += String(chunk);
    return true;
  };
  Math.random = () => 0;
  performance.now = () => {
    ahead += TICK_MILLISECONDS;
    return now.call(performance) + ahead;
  };
  try {
    await work(() => {
      const output = written;
      written = '';
      return output;
    });
  } finally {
    process.stdout.write = write;
    Math.random = random;
    performance.now = now;
  }
}

/** Sends this number of events to a function; returns everything that is wrong with the answers. */
async function bombard(
  name: string,
  main: EntryPoint,
  count: number,
  hasLedger: boolean,
): Promise<readonly string[]> {
  const flaws: string[] = [];
  const answers: string[] = [];
  await overhear(async (takeOutput) => {
    for (let i = 0; i < count; i += 1) {
      const found = await callOnce(name, main, hasLedger, answers);
      flaws.push(...found.map((flaw) => `event ${i}: ${flaw}`));
      if (answers.length < SEARCH_EVERY && i < count - 1) continue;
      const output = takeOutput();
      flaws.push(
        ...findCanaries(`${answers.join('\n')}${output}`, OTHERS).map(
          (secret) => `${secret} before event ${i}`,
        ),
      );
      flaws.push(
        ...findLogFlaws(output, name === 'sweep' ? undefined : answers.length).map(
          (flaw) => `before event ${i}: ${flaw}`,
        ),
      );
      answers.length = 0;
    }
  });
  return flaws;
}

async function callOnce(
  name: string,
  main: EntryPoint,
  hasLedger: boolean,
  answers: string[],
): Promise<readonly string[]> {
  const event = makeEvent(name, credentials, chance);
  const before = faults;
  isBadMoment = chance.happens(FAULTS);
  try {
    const answer = await main(event, makeContext(chance));
    answers.push(JSON.stringify(answer));
    statuses.add(Number(Reflect.get(Object(answer), 'statusCode')));
    if (name === 'sweep')
      return typeof answer === 'object' && answer !== null ? [] : ['is no answer of a timer'];
    // Functions that answer GET also answer HEAD, without the body.
    const isRead = name === 'uploads' || name === 'pull';
    const isHead = isRead && Object(event)['httpMethod'] === 'HEAD';
    return findFlaws(answer, { faulty: faults > before, hasLedger, isHead }).map(
      (flaw) => `${flaw}: ${JSON.stringify(event)?.slice(0, MAX_SHOWN)}`,
    );
  } catch (error) {
    answers.push('');
    return [`is rejected with ${String(error)}`];
  }
}

function makeContext(chance: Chance): unknown {
  if (chance.happens(0.98)) return { ...SCF_CONTEXT, getRemainingTimeInMillis: () => 60_000 };
  const junk = makeJunk(chance);
  return typeof junk === 'string' ? { request_id: 'call-1' } : junk;
}

/** Events for each function, without a ledger and with one. */
const PLAN: Readonly<Record<string, readonly [without: number, withLedger: number]>> = {
  signature: [60_000, 4_000],
  pull: [50_000, 4_000],
  callback: [45_000, 6_000],
  uploads: [25_000, 6_000],
  sweep: [0, 200],
};

/** Statuses that each function must have returned; otherwise the events did not reach enough of it. */
const REACHED: Readonly<
  Record<string, readonly [without: readonly number[], withLedger: readonly number[]]>
> = {
  signature: [
    [200, 204, 400, 401, 403, 405],
    [200, 400, 403],
  ],
  pull: [
    [202, 204, 400, 401, 403, 405],
    [202, 400, 403],
  ],
  callback: [
    [200, 204, 400, 401, 405, 503],
    [200, 400, 401],
  ],
  uploads: [
    [204, 401, 404, 405, 501],
    [200, 400, 404],
  ],
};

describe.each([
  ['without a ledger', 0],
  ['with a ledger', 1],
] as const)('for any event, %s', (_, place) => {
  it.each(Object.keys(PLAN).filter((name) => (PLAN[name]?.[place] ?? 0) > 0))(
    '%s answers correctly, and reveals no secret',
    { timeout: 900_000 },
    async (name) => {
      const prototypes = () => [Object.prototype, Array.prototype].map(Object.getOwnPropertyNames);
      const before = prototypes();
      faults = 0;
      statuses = new Set();
      const databaseUrl = place === 1 ? await databases.create() : undefined;
      const count = Math.ceil(((PLAN[name]?.[place] ?? 0) * SHARE) / worlds.length);

      for (const { built, applications, vod, asked } of worlds) {
        asked.clear();
        stubEnvironment(vod.endpoint, databaseUrl, applications[0]);
        const flaws = await bombard(name, built.load(name), count, place === 1);

        expect(flaws.slice(0, 20)).toEqual([]);
        expect([...asked].filter((subAppId) => !applications.includes(subAppId))).toEqual([]);
        // Notifications of tenants' applications were processed far enough that VOD was asked about them.
        if (name === 'callback') expect(asked.size).toBeGreaterThan(applications.length - 2);
      }

      expect(prototypes()).toEqual(before);
      expect([...statuses]).toEqual(expect.arrayContaining([...(REACHED[name]?.[place] ?? [])]));
    },
  );
});

it('plans at least 200,000 events, and some for every function', () => {
  for (const { built } of worlds) expect(Object.keys(PLAN).sort()).toEqual(built.names);
  const all = Object.values(PLAN).flat();
  expect(all.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(200_000);
});
