import { randomUUID } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ledger, openLedger } from '../../lib/ledger/ledger.ts';
import { createChance } from '../support/chance.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import type { VodServer } from '../support/vod-server.ts';
import { type BuiltFunctions, buildFunctions, pickDeath, type Worker } from './built-functions.ts';
import { type Consumer, startConsumer } from './consumer.ts';
import { findMisplaced } from './find-misplaced.ts';
import { type Life, planLives } from './lives.ts';
import { type PushTally, pushAll, SIGN_KEY } from './pushes.ts';
import { API_KEY, startVodApi } from './vod-api.ts';
import { APPLICATIONS, createWorld, OWN, TENANTS } from './world.ts';

const SEED = 20_261_122;
/** The small run has room in every `npm test`; CI sets CHAOS=full. */
const IS_FULL = process.env['CHAOS'] === 'full';
const UPLOADS = IS_FULL ? 3_000 : 150;
const SETTINGS = {
  policy: { tenants: { claim: 'tenant', subAppIds: TENANTS } },
  rules: [{ name: 'all', set: { classId: 7, expireTime: '2099-01-01T00:00:00Z', tags: ['new'] } }],
};
// Most calls end before their process does, so a small run needs a larger share for any death at all.
const WEATHER = { dropped: 0.3, duplicated: 0.2, astray: 0.05, killed: IS_FULL ? 0.02 : 0.1 };
const HOUR = 3_600_000;
const realNow = Date.now;
const WORKERS = 4;
/** Notifications between two cuts of database connections, and between two runs of the sweep. */
const CUT_EVERY = 120;
const SWEEP_EVERY = 400;
/** The end of it all, less than the three days that deliveries are tried. */
const LAST_HOUR = 70;

describe(`${UPLOADS} uploads to three applications whose notifications are dropped, doubled and shuffled while processes die`, () => {
  const chance = createChance(SEED);
  const world = createWorld();
  const lives = planLives(UPLOADS, world, chance);
  let server: TestPostgres;
  let databaseUrl: string;
  let sql: Sql;
  let ledger: Ledger;
  let api: VodServer;
  let everything: Consumer;
  let statesOnly: Consumer;
  let functions: BuiltFunctions;
  let tally: PushTally;

  const environment = () => ({
    DATABASE_URL: databaseUrl,
    VOD_SECRET_ID: API_KEY.secretId,
    VOD_SECRET_KEY: API_KEY.secretKey,
    VOD_SUB_APP_ID: String(OWN),
    VOD_API_ENDPOINT: api.endpoint,
    VOD_API_PROTOCOL: 'http',
    WEBHOOK_LOOPBACK: 'allow',
    WEBHOOK_ENDPOINTS: JSON.stringify([
      { url: everything.url, secret: everything.secret },
      { url: statesOnly.url, secret: statesOnly.secret, events: ['upload.*'] },
    ]),
  });

  /** Fires the timer once, so many milliseconds from now; the process may be killed at work. */
  const sweep = async (ahead: number, killAfter?: number) => {
    const worker = functions.startWorker('sweep', {
      ...environment(),
      CLOCK_AHEAD_MILLISECONDS: String(ahead),
    });
    // The consumers live at that time as well: they refuse signatures that are minutes off.
    if (ahead > 0) vi.useFakeTimers({ toFake: ['Date'], now: realNow() + ahead });
    const Time = new Date(realNow() + ahead).toISOString();
    await worker.call({ Type: 'Timer', TriggerName: 'sweep', Time, Message: '' }, killAfter);
    await worker.stop();
  };

  beforeAll(async () => {
    server = await startTestPostgres();
    databaseUrl = await server.createDatabase();
    sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
    ledger = openLedger(databaseUrl, { now: Date.now, randomKey: randomUUID });
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
    await server.close();
  });

  const pushEverything = async () => {
    const workers = Array.from({ length: WORKERS }, () =>
      functions.startWorker('callback', { ...environment(), CALLBACK_SIGN_KEYS: SIGN_KEY }),
    );
    const result = await pushAll(lives, workers, WEATHER, chance, async (sent) => {
      if (sent % CUT_EVERY === 0) await cutConnections(sql);
      if (sent % SWEEP_EVERY === 0) await sweep(0, pickDeath(chance, 0.5, 2_000));
    });
    await Promise.all(workers.map((worker: Worker) => worker.stop()));
    return result;
  };

  const sweepToTheEnd = async () => {
    for (let hour = 0; hour <= LAST_HOUR; hour += hour < 1 ? 0.5 : 4) {
      for (const { endpoint } of await ledger.listEndpoints()) {
        await ledger.resumeEndpoint(endpoint);
      }
      await sweep(hour * HOUR, pickDeath(chance, 0.3, 1_500));
      await sweep(hour * HOUR);
    }
  };

  it('had the weather it was promised', () => {
    const share = (count: number) => count / tally.happened;
    expect(tally.happened).toBeGreaterThanOrEqual((UPLOADS * 10) / 3);
    expect(share(tally.dropped)).toBeCloseTo(WEATHER.dropped, 1);
    expect(share(tally.duplicated)).toBeCloseTo(WEATHER.duplicated * (1 - WEATHER.dropped), 1);
    expect(tally.astray).toBeGreaterThan(0);
    expect(tally.killed).toBeGreaterThan(0);
    expect(everything.unverified() + statesOnly.unverified()).toBe(0);
    expect(everything.gone() + statesOnly.gone()).toBeGreaterThan(0);
  });

  it('ends every upload in its right state', async () => {
    const wrong: object[] = [];
    for (const life of lives) {
      const [row] = await sql<{ state: string }[]>`select state from uploads
        where upload_id = ${life.uploadId ?? ''} or file_id = ${life.fileId}
        order by upload_id = ${life.uploadId ?? ''} desc`;
      if (!possibleEnds(life).includes(row?.state)) wrong.push({ ...life, found: row?.state });
    }
    expect(wrong).toEqual([]);
  });

  it('has every upload in its application', async () => {
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
    'removes each file that came for a cancelled upload to %i, once and there',
    (subAppId) => {
      const removals = world.get(subAppId)?.removals ?? new Map();
      const cancelled = lives
        .filter((life) => life.cancelled && life.subAppId === subAppId)
        .map(({ fileId }) => fileId);
      expect([...removals.keys()].sort()).toEqual(cancelled.sort());
      expect(new Set(removals.values())).toEqual(new Set([1]));
    },
  );

  it('modifies each media as the rules say, each thing of it once', () => {
    const applications = [...world.values()];
    const counts = applications.flatMap(({ modifications }) => [...modifications]);
    expect(counts.filter(([, count]) => count !== 1)).toEqual([]);
    const media = applications.flatMap((application) => [...application.media.values()]);
    expect(media.length).toBeGreaterThan(0);
    expect(
      media.filter(({ BasicInfo: { ClassId, ExpireTime, TagSet } }) => {
        return ClassId !== 7 || ExpireTime !== '2099-01-01T00:00:00Z' || String(TagSet) !== 'new';
      }),
    ).toEqual([]);
  });

  it('leaves nothing to be done', async () => {
    const [left] = await sql`select
      (select count(*)::integer from deliveries where state <> 'delivered') as deliveries,
      (select count(*)::integer from uploads where state in ('issued', 'uploaded', 'processing')) as uploads,
      (select count(*)::integer from events where not fanned_out) as unheard,
      (select count(*)::integer from unconfirmed_events) as unconfirmed,
      (select count(*)::integer from media_actions where state <> 'done') as actions`;
    expect(left).toEqual({ deliveries: 0, uploads: 0, unheard: 0, unconfirmed: 0, actions: 0 });
  });

  it('has every event delivered, and acted on once, with one text at every attempt', async () => {
    const [count] = await sql<{ all: number; states: number }[]>`select count(*)::integer as all,
      count(*) filter (where event_type like 'upload.%')::integer as states from events`;
    expect(everything.acted.size).toBe(count?.all);
    expect(statesOnly.acted.size).toBe(count?.states);
    expect([...everything.contradictions, ...statesOnly.contradictions]).toEqual([]);
  });

  it('says in every message which application it is about', () => {
    for (const { acted } of [everything, statesOnly]) {
      expect(findMisplaced(acted.values(), lives)).toEqual([]);
    }
  });

  it('announces each state of each upload, the last one included', async () => {
    const [missing] = await sql`select count(*)::integer as count from uploads u where not exists (
      select from events e where e.event_type = 'upload.' || u.state
        and e.event_id = 'evt_' || u.upload_id || '_' || u.state)`;
    expect(missing?.['count']).toBe(0);
  });
});

async function issue(lives: readonly Life[], ledger: Ledger): Promise<void> {
  for (const { uploadId, method, owner, subAppId, taskId, cancelled } of lives) {
    if (uploadId === undefined) continue;
    const expiresAt = Date.now() + HOUR;
    await ledger.saveIssued({ uploadId, method, owner, fields: { expiresAt, taskId, subAppId } });
    if (cancelled) await ledger.changeState(uploadId, 'cancelled');
  }
}

/** Ends every connection of the functions, whatever they are at. */
async function cutConnections(sql: Sql): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'vod-upload' and datname = current_database()`;
}

/** A file that was gone before anybody heard of it is one that never came; of a pull, its task still tells. */
function possibleEnds(life: Life): readonly (string | undefined)[] {
  if (life.end !== 'deleted' || life.method === 'pull') return [life.end];
  return life.method === 'live' ? ['deleted', undefined] : ['deleted', 'expired'];
}
