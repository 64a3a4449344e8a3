import { randomUUID } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ledger, openLedger } from '../../lib/ledger/ledger.ts';
import type { ItemName } from '../../lib/model/item-name.ts';
import { refuseByName } from '../lib/sweep/poisons.ts';
import { createChance } from '../support/chance.ts';
import { readSize } from '../support/read-size.ts';
import { bearer, TEST_JWT_SECRET } from '../support/tokens.ts';
import type { VodServer } from '../support/vod-server.ts';
import { type BuiltFunctions, buildFunctions, pickDeath, type Worker } from './built-functions.ts';
import { type Consumer, startConsumer } from './consumer.ts';
import { findMisplaced } from './find-misplaced.ts';
import { type Life, planLives } from './lives.ts';
import { planOtherFacts } from './other-facts.ts';
import { closeUnaskable, planPoisoned } from './poisoned.ts';
import { isFailure, type PushTally, pushAll, type Sent, SIGN_KEY, wrap } from './pushes.ts';
import { type StoppableDatabase, startStoppableDatabase } from './stoppable-database.ts';
import { API_KEY, startVodApi } from './vod-api.ts';
import { APPLICATIONS, type Course, createWorld, OWN, TENANTS } from './world.ts';

const SEED = 20_261_122;
const UPLOADS = readSize('CHAOS', { small: 150, full: 3_000 });
const OTHER_FACTS = UPLOADS / 10;
const POISONED = Math.max(12, UPLOADS / 50);
const SETTINGS = {
  policy: { tenants: { claim: 'tenant', subAppIds: TENANTS } },
  rules: [{ name: 'all', set: { classId: 7, expireTime: '2099-01-01T00:00:00Z', tags: ['new'] } }],
};
// Most calls end before their process would be killed, so a small run needs a larger share to kill any.
const WEATHER = {
  ...{ dropped: 0.3, duplicated: 0.2, astray: 0.05, late: 0.05 },
  killed: UPLOADS < 1_000 ? 0.1 : 0.02,
};
const HOUR = 3_600_000;
const realNow = Date.now;
/** SQL of whether the arrival of the file of an upload `u` has been reported. */
const ARRIVED = `exists (
  select from events e where coalesce(e.file_id, e.upload_id) = u.file_id
    and e.event_type in ('vod.NewFileUpload', 'vod.PullComplete')
)`;
/** Processes of `callback`: while the database is stopped, they wait for it most of the time. */
const WORKERS = 8;
/** Notifications between two cuts of database connections, and between two runs of the sweep. */
const CUT_EVERY = 120;
const SWEEP_EVERY = 400;
/** The notifications between which the database is stopped: VOD sends each of them three times, and then gives up. */
const OUTAGE = { from: UPLOADS * 1.2, until: UPLOADS * 1.2 + Math.max(60, UPLOADS / 10) };
/** The end of the run: less than the three days for which deliveries are tried. */
const LAST_HOUR = 70;
/** After the end of the run, when everything is older than its retention, step by step. */
const PRUNING_DAYS = [8, 10, 19, 21, 30, 31, 60];
const SHORTEST_RETENTION = 'events=7d,deliveries=4d,keys=4d,uploads=7d,dead=7d';
/** When VOD begins to refuse some questions: less than the day after which it is asked about each file again. */
const UNASKABLE_FROM_HOUR = 20;
/** Of a message: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. */
const MAX_MESSAGE_BYTES = 262_144;

describe(`${UPLOADS} uploads to three applications whose notifications are dropped, repeated and reordered while processes are killed and the database is stopped`, () => {
  const chance = createChance(SEED);
  const world = createWorld();
  const lives = planLives(UPLOADS, world, chance);
  const facts = planOtherFacts(OTHER_FACTS, world, chance);
  const poisoned = planPoisoned(POISONED, world, chance);
  let database: StoppableDatabase;
  let sql: Sql;
  let ledger: Ledger;
  let api: VodServer;
  let everything: Consumer;
  let statesOnly: Consumer;
  let functions: BuiltFunctions;
  let tally: PushTally;

  const environment = () => ({
    DATABASE_URL: database.url,
    VOD_SECRET_ID: API_KEY.secretId,
    VOD_SECRET_KEY: API_KEY.secretKey,
    VOD_SUB_APP_ID: String(OWN),
    VOD_API_ENDPOINT: api.endpoint,
    VOD_API_PROTOCOL: 'http',
    RETENTION: SHORTEST_RETENTION,
    WEBHOOK_LOOPBACK: 'allow',
    WEBHOOK_ENDPOINTS: JSON.stringify([
      { url: everything.url, secret: everything.secret },
      { url: statesOnly.url, secret: statesOnly.secret, events: ['upload.*'] },
    ]),
  });

  /** Fires the timer once, the given number of milliseconds from now; the process may be killed. */
  const sweep = async (ahead: number, killAfter?: number) => {
    const worker = functions.startWorker('sweep', {
      ...environment(),
      CLOCK_AHEAD_MILLISECONDS: String(ahead),
    });
    // The consumers use that time as well: they refuse signatures that are more than minutes off.
    if (ahead > 0) vi.useFakeTimers({ toFake: ['Date'], now: realNow() + ahead });
    const Time = new Date(realNow() + ahead).toISOString();
    await worker.call({ Type: 'Timer', TriggerName: 'sweep', Time, Message: '' }, killAfter);
    await worker.stop();
  };

  beforeAll(async () => {
    database = await startStoppableDatabase();
    await refuseByName(database.url);
    sql = postgres(database.url, { max: 1, onnotice: () => undefined });
    ledger = openLedger(database.url, { clock: Date, random: { key: randomUUID } });
    api = await startVodApi(world, chance);
    everything = await startConsumer('everything', chance);
    statesOnly = await startConsumer('states', chance);
    functions = await buildFunctions(SETTINGS);
    await issue(lives, ledger);
    tally = await pushEverything();
    await sweepToTheEnd();
  }, 900_000);

  afterAll(async () => {
    vi.useRealTimers();
    await ledger.close();
    await sql.end();
    await Promise.all([api.close(), everything.close(), statesOnly.close(), functions.remove()]);
    await database.close();
  });

  const stopOrStart = async (count: number) => {
    if (count === OUTAGE.from) await database.stop();
    else if (count === OUTAGE.until) await database.start();
    const isAway = count >= OUTAGE.from && count < OUTAGE.until;
    if (count % CUT_EVERY === 0 && !isAway) await cutConnections(sql);
  };

  const startCallbacks = (more: object = {}): readonly Worker[] =>
    Array.from({ length: WORKERS }, () =>
      functions.startWorker('callback', {
        ...{ ...environment(), CALLBACK_SIGN_KEYS: SIGN_KEY },
        ...more,
      }),
    );

  const pushEverything = async () => {
    const workers = startCallbacks();
    const courses = [...lives, ...facts, ...poisoned];
    const result = await pushAll(courses, workers, WEATHER, chance, async (count) => {
      await stopOrStart(count);
      if (count % SWEEP_EVERY === 0 || count === OUTAGE.from) {
        await sweep(0, pickDeath(chance, 0.5, 2_000));
      }
    });
    await Promise.all(workers.map((worker) => worker.stop()));
    return result;
  };

  /** What `GET /uploads/dead-items` lists for an operator, page by page. */
  const listDeadItems = async () => {
    const worker = functions.startWorker('uploads', {
      ...environment(),
      AUTH_JWT_SECRET: TEST_JWT_SECRET,
    });
    const headers = await bearer('operator', 'upload:admin', realNow());
    const items: (ItemName & { readonly subAppId: number })[] = [];
    let cursor: string | undefined;
    do {
      const queryString = { limit: '10', ...(cursor === undefined ? {} : { cursor }) };
      const outcome = await worker.call({
        ...{ httpMethod: 'GET', path: '/uploads/dead-items', headers, queryString },
      });
      const answer = outcome.kind === 'result' ? Object(outcome.value) : {};
      expect(answer.statusCode).toBe(200);
      const page = JSON.parse(answer.body);
      items.push(...page.items);
      cursor = page.cursor;
    } while (cursor !== undefined);
    await worker.stop();
    return items;
  };

  const sweepToTheEnd = async () => {
    for (let hour = 0; hour <= LAST_HOUR; hour += hour < 1 ? 0.5 : 4) {
      for (const { endpoint } of await ledger.listEndpoints()) {
        await ledger.resumeEndpoint(endpoint);
      }
      if (hour > UNASKABLE_FROM_HOUR) closeUnaskable(world);
      await sweep(hour * HOUR, pickDeath(chance, 0.3, 1_500));
      await sweep(hour * HOUR);
    }
  };

  it('applies every planned fault: dropped, repeated, misdirected and late notifications, killed processes, refused deliveries', () => {
    const share = (count: number) => count / tally.happened;
    expect(tally.happened).toBeGreaterThanOrEqual((UPLOADS * 10) / 3);
    expect(share(tally.dropped)).toBeCloseTo(WEATHER.dropped, 1);
    expect(share(tally.duplicated)).toBeCloseTo(WEATHER.duplicated * (1 - WEATHER.dropped), 1);
    expect(tally.astray).toBeGreaterThan(0);
    expect(tally.late).toBeGreaterThan(0);
    expect(tally.killed).toBeGreaterThan(0);
    expect(tally.sent.filter(isGivenUp).length).toBeGreaterThan(0);
    expect(everything.unverified() + statesOnly.unverified()).toBe(0);
    expect(everything.gone() + statesOnly.gone()).toBeGreaterThan(0);
  });

  it('ends every upload in its right state', async () => {
    const wrong: object[] = [];
    for (const life of lives) {
      const [row] = await sql<{ state: string }[]>`select state from uploads
        where upload_id = ${life.uploadId ?? ''} or file_id = ${life.fileId}
        order by upload_id = ${life.uploadId ?? ''} desc`;
      if (!possibleEnds(life, tally.sent).includes(row?.state)) {
        wrong.push({ ...life, found: row?.state, sent: describeSent(life, tally.sent) });
      }
    }
    expect(wrong).toEqual([]);
  });

  it('records every upload in the application that its file is in', async () => {
    const rows = await sql<Record<'upload_id' | 'file_id' | 'sub_app_id', string | null>[]>`
      select upload_id, file_id, sub_app_id from uploads`;
    const named = new Map(
      rows.flatMap((row) => [row.upload_id, row.file_id].map((id) => [id, row.sub_app_id])),
    );
    const wrong = lives.filter(({ uploadId, fileId, subAppId }) => {
      const found = named.get(uploadId ?? fileId) ?? named.get(fileId);
      return found !== undefined && found !== String(subAppId);
    });
    expect(wrong).toEqual([]);
    expect(new Set(rows.map((row) => Number(row.sub_app_id)))).toEqual(new Set(APPLICATIONS));
  });

  it.each(APPLICATIONS)(
    'removes each file that arrives for a cancelled upload in %i once, and no other file',
    (subAppId) => {
      const removals = world.get(subAppId)?.removals ?? new Map();
      const cancelled = lives
        .filter((life) => life.cancelled && life.subAppId === subAppId)
        .map(({ fileId }) => fileId);
      expect([...removals.keys()].sort()).toEqual(cancelled.sort());
      expect(new Set(removals.values())).toEqual(new Set([1]));
    },
  );

  it('modifies each media as the rules say, and sets each parameter once', () => {
    const applications = [...world.values()];
    const counts = applications.flatMap(({ modifications }) => [...modifications]);
    expect(counts.filter(([, count]) => count !== 1)).toEqual([]);
    const others = new Set(poisoned.map(({ fileId }) => fileId));
    const media = applications
      .flatMap((application) => [...application.media.values()])
      .filter(({ FileId }) => !others.has(FileId));
    expect(media.length).toBeGreaterThan(0);
    expect(
      media.filter(({ BasicInfo: { ClassId, ExpireTime, TagSet } }) => {
        return ClassId !== 7 || ExpireTime !== '2099-01-01T00:00:00Z' || String(TagSet) !== 'new';
      }),
    ).toEqual([]);
  });

  it('finishes all deliveries, uploads, confirmations and actions', async () => {
    const [left] = await sql`select
      (select count(*)::integer from deliveries where state <> 'delivered') as deliveries,
      (select count(*)::integer from uploads where state in ('issued', 'uploaded', 'processing')) as uploads,
      (select count(*)::integer from events where not fanned_out) as unheard,
      (select count(*)::integer from unconfirmed_events) as unconfirmed,
      (select count(*)::integer from media_actions where state not in ('done', 'dead')) as actions`;
    expect(left).toEqual({ deliveries: 0, uploads: 0, unheard: 0, unconfirmed: 0, actions: 0 });
  });

  it('delivers every event, consumers act on each once, and all attempts have the same text', async () => {
    const [count] = await sql<{ all: number; states: number }[]>`select count(*)::integer as all,
      count(*) filter (where event_type like 'upload.%')::integer as states from events`;
    expect(everything.acted.size).toBe(count?.all);
    expect(statesOnly.acted.size).toBe(count?.states);
    expect([...everything.contradictions, ...statesOnly.contradictions]).toEqual([]);
  });

  it('reports both the arrival and the deletion of each file that was deleted, but nothing of a file whose arrival nobody saw', async () => {
    const rows = await sql<
      { upload_id: string; known: boolean; owned: boolean }[]
    >`select upload_id, owner is not null as owned, ${sql.unsafe(ARRIVED)} as known from uploads u where state = 'deleted'`;
    const heard = new Set(
      readMessages(everything).map(({ type, data }) => `${type} ${data.uploadId}`),
    );
    const isHeard = (uploadId: string, ...states: readonly string[]) =>
      states.some((state) => heard.has(`upload.${state} ${uploadId}`));
    expect(rows.filter(({ known }) => known)).not.toEqual([]);
    const wrong = rows.filter(({ upload_id, known, owned }) => {
      const isArrivalHeard = isHeard(upload_id, 'uploaded', 'processing', 'ready', 'failed');
      return (
        isHeard(upload_id, 'deleted') !== (known || owned) || (isArrivalHeard !== known && !owned)
      );
    });
    expect(wrong).toEqual([]);
  });

  it('records an event of more than 256 kB whole, and delivers it without its data', async () => {
    const large = lives.filter(
      (life) =>
        life.largeTaskId !== undefined &&
        listSent(life, tally.sent).some(
          ({ event, statuses }) =>
            Object(event).ProcedureStateChangeEvent?.Status === 'FINISH' && statuses.includes(200),
        ),
    );
    const rows = await sql<{ task_id: string; bytes: number }[]>`
      select payload -> 'ProcedureStateChangeEvent' ->> 'TaskId' as task_id,
        octet_length(payload::text) as bytes
      from events where event_type = 'vod.ProcedureStateChanged'
        and payload -> 'ProcedureStateChangeEvent' ->> 'Status' = 'FINISH'`;
    const recorded = new Map(rows.map((row) => [row.task_id, row.bytes]));
    const told = new Map(
      readMessages(everything)
        .filter(({ data }) => data.ProcedureStateChangeEvent?.Status === 'FINISH')
        .map(({ data, dataOmitted }) => [data.ProcedureStateChangeEvent.TaskId, dataOmitted]),
    );
    expect(large.length).toBeGreaterThan(0);
    for (const { largeTaskId = '' } of large) {
      expect(recorded.get(largeTaskId)).toBeGreaterThan(300_000);
      expect(told.get(largeTaskId)?.bytes).toBeGreaterThan(MAX_MESSAGE_BYTES);
      expect(told.get(largeTaskId)?.maxBytes).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    }
  });

  it('lists poisoned items as dead items, and no others', async () => {
    const nameOf = ({ kind, id }: ItemName, subAppId: number) => `${kind} ${id} of ${subAppId}`;
    const named = new Map(poisoned.map((each) => [each, nameOf(each.name(), each.subAppId)]));
    const dead = (await listDeadItems()).map((item) => nameOf(item, item.subAppId));
    const certain = poisoned.filter(
      (each) =>
        each.isFound || listSent(each, tally.sent).some(({ statuses }) => statuses.includes(200)),
    );
    expect(dead.filter((name) => ![...named.values()].includes(name))).toEqual([]);
    const missing = certain
      .map((each) => named.get(each))
      .filter((name) => !dead.includes(name ?? ''));
    expect(missing).toEqual([]);
    expect(new Set(dead).size).toBe(dead.length);
  });

  it('loses only facts that were reported while the database was stopped, and writes those to the log', () => {
    const told = new Set(
      readMessages(everything).flatMap(({ data }) =>
        Object.values(data).map((part) => Object(part).TaskId),
      ),
    );
    const sent = facts.flatMap((fact) =>
      listSent(fact, tally.sent).map((each) => ({ ...each, taskId: fact.taskId })),
    );
    const taken = sent.filter(({ statuses }) => statuses.some((status) => !isFailure(status)));
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.filter(({ taskId }) => !told.has(taskId))).toEqual([]);
    const lost = sent.filter((each) => isGivenUp(each) && !told.has(each.taskId));
    expect(lost.filter(({ log, taskId }) => !hasEvent(log, taskId))).toEqual([]);
  });

  it('reports no fact under two event ids', () => {
    for (const consumer of [everything, statesOnly]) {
      const counts = new Map<string, number>();
      for (const fact of readMessages(consumer).flatMap((message) => nameFact(message) ?? [])) {
        counts.set(fact, (counts.get(fact) ?? 0) + 1);
      }
      expect(counts.size).toBeGreaterThan(0);
      expect([...counts].filter(([, count]) => count !== 1)).toEqual([]);
    }
  });

  it('names in every message the application that it is about', () => {
    for (const { acted } of [everything, statesOnly]) {
      expect(findMisplaced(acted.values(), [...lives, ...facts, ...poisoned])).toEqual([]);
    }
  });

  it("reports each upload's last state, unless it is the deletion of a file whose arrival nobody saw", async () => {
    const missing =
      await sql`select state, owner, ${sql.unsafe(ARRIVED)} as arrived from uploads u where not exists (
      select from events e where e.event_type = 'upload.' || u.state
        and e.event_id = 'evt_' || u.upload_id || '_' || u.state)`;
    const unseen = { state: 'deleted', owner: null, arrived: false };
    expect(missing).toEqual(missing.map(() => unseen));
  });

  // The last of all, since it removes what the others look at.
  it('removes what is too old, and delivers nothing a second time whatever is reported again', async () => {
    const [before] = await sql`select count(*)::integer as uploads from uploads`;
    // What no accepted notification had reported before may still be new: it is delivered without an upload.
    const known = new Set([...everything.acted.keys(), ...statesOnly.acted.keys()]);
    const statesBefore = statesOnly.acted.size;
    const began = new Date(realNow() + LAST_HOUR * HOUR + HOUR);
    const listNew = () =>
      sql`select d.*, event_type, file_id, task_id from deliveries d join events using (event_id) where enqueued_at > ${began}`;

    for (const day of PRUNING_DAYS) {
      // A scan begins again, so that each file that VOD still has is listed again.
      await sql`update marks set stands_at = ${new Date(realNow() - HOUR)} where name like 'media-scan%'`;
      await sweep(day * 24 * HOUR, pickDeath(chance, 0.5, 1_500));
      await sweep(day * 24 * HOUR);
      await resend(day * 24 * HOUR);
      await sweep(day * 24 * HOUR);
      const repeated = (await listNew()).filter((row) => known.has(row['event_id']));
      expect(repeated, `on day ${day}`).toEqual([]);
    }

    expect(statesOnly.acted.size).toBe(statesBefore);
    const facts = readMessages(everything).flatMap((message) => nameFact(message) ?? []);
    expect(facts.filter((fact, place) => facts.indexOf(fact) !== place)).toEqual([]);
    const [left] = await sql`select (select count(*)::integer from uploads) as uploads,
      (select count(*)::integer from deliveries) as deliveries,
      (select count(*)::integer from events where not pruned) as events,
      (select count(*)::integer from pruned_uploads) as pruned`;
    expect(left).toEqual({ uploads: 0, deliveries: 0, events: 0, pruned: before?.['uploads'] });
  });

  /** Sends once more what was notified about the arrival and the deletion of files. */
  const resend = async (ahead: number) => {
    const again = tally.sent
      .filter(({ event }) => AGAIN.has(Object(event).EventType))
      .filter(({ course }) => lives.some((life) => life === course))
      .slice(0, MAX_AGAIN);
    const work = async (worker: Worker) => {
      for (let push = again.shift(); push !== undefined; push = again.shift()) {
        await worker.call(wrap(push));
      }
      await worker.stop();
    };
    await Promise.all(startCallbacks({ CLOCK_AHEAD_MILLISECONDS: String(ahead) }).map(work));
  };
});

const AGAIN: ReadonlySet<string> = new Set(['NewFileUpload', 'FileDeleted']);
const MAX_AGAIN = 300;

async function issue(lives: readonly Life[], ledger: Ledger): Promise<void> {
  for (const { uploadId, method, owner, subAppId, taskId, cancelled } of lives) {
    if (uploadId === undefined) continue;
    const expiresAt = Date.now() + HOUR;
    await ledger.issueUpload({ uploadId, method, owner, fields: { expiresAt, taskId, subAppId } });
    if (cancelled) await ledger.transition(uploadId, 'cancelled');
  }
}

/** Returns whether a log has the whole notification about a task. */
function hasEvent(log: string, taskId: string): boolean {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .some(({ level, event, piece }) => {
      return (
        level === 'error' && piece === '1/1' && JSON.stringify(JSON.parse(event)).includes(taskId)
      );
    });
}

/** Ends every connection of the functions, whatever they are doing. */
async function cutConnections(sql: Sql): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'vod-upload' and datname = current_database()`;
}

/** Returns whether one of these notifications was accepted at its own address, whatever its effect. */
function isTaken(course: Course, eventType: string, sent: readonly Sent[]): boolean {
  return listSent(course, sent).some(
    ({ event, statuses }) =>
      Object(event).EventType === eventType && statuses.some((status) => !isFailure(status)),
  );
}

/** Returns whether every answer said that the notification could not be stored. */
function isGivenUp({ statuses }: Sent): boolean {
  return statuses.length > 0 && statuses.every(isFailure);
}

function listSent(course: Course, sent: readonly Sent[]): readonly Sent[] {
  return sent.filter((each) => each.course === course && each.subAppId === course.subAppId);
}

/**
 * If a file was deleted before the service knew of it, it counts as never arrived; for a pull, its task still reports
 * it. The context of an app's file proves that it arrived; for another file, only the reports of its arrival and of its
 * deletion together prove it.
 */
function possibleEnds(life: Life, sent: readonly Sent[]): readonly (string | undefined)[] {
  if (life.end !== 'deleted' || life.method === 'pull') return [life.end];
  const hasCome = isTaken(life, 'NewFileUpload', sent);
  if (life.method === 'live') {
    return hasCome && isTaken(life, 'FileDeleted', sent) ? ['deleted'] : ['deleted', undefined];
  }
  return hasCome ? ['deleted'] : ['deleted', 'expired'];
}

function describeSent(course: Course, sent: readonly Sent[]): readonly string[] {
  return listSent(course, sent).map(
    ({ event, statuses }) => `${Object(event).EventType} ${statuses}`,
  );
}

/** The messages that a consumer acted on. */
function readMessages({ acted }: Consumer) {
  return [...acted.values()].map((text) => JSON.parse(text));
}

/**
 * Returns the fact that a message reports, as text that no second message may have; undefined if VOD may report it
 * again.
 */
function nameFact({ type, data }: ReturnType<typeof readMessages>[number]): string | undefined {
  if (data.uploadId !== undefined) return `${type} ${data.uploadId}`;
  const task = Object(Object.values(data).find((part) => typeof part === 'object'));
  if (type === 'vod.ProcedureStateChanged' && task.Status !== 'FINISH') return undefined;
  return `${type} ${data.SubAppId} ${task.TaskId ?? task.FileId ?? task.FileIdSet}`;
}
