import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { formatWithOptions } from 'node:util';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BuiltFolder, buildFolder } from '../support/built-folder.ts';
import { EVENT_SHAPES, SCF_CONTEXT, type TestRequest } from '../support/http-events.ts';
import { useDatabases } from '../support/use-ledger.ts';
import { CANARIES, type Canary, findCanaries, type Outlet, spell } from './canaries.ts';
import { makeRequests } from './requests.ts';
import { type CanaryStage, GOSSIP, openCanaryStage, type Weather } from './stage.ts';

/** As https://cloud.tencent.com/document/product/583/9708 prints it. */
const TIMER = {
  Type: 'Timer',
  TriggerName: 'every-minute',
  Time: '2026-01-31T08:00:00Z',
  Message: '',
};

const ALL: readonly Canary[] = Object.values(CANARIES);

/** Variables whose values are not secret. */
const HARMLESS: Readonly<Record<string, string>> = {
  DATABASE_CA: '',
  AUTH_JWKS_URL: '',
  AUTH_JWKS_LOOPBACK: '',
  AUTH_JWT_ISSUER: '',
  AUTH_JWT_AUDIENCE: '',
  AUTH_AUDIENCE_CLAIM: '',
  SOURCE_CONTEXT_V1_UNTIL: '',
  CALLBACK_SHARED_SIGN_KEY_UNTIL: '',
  AUTH_SCOPE_CLAIM: '',
  AUTH_SCOPE_PREFIX: '',
  CORS_ORIGINS: 'https://app.example.com',
  CORS_HEADERS: 'X-Client-Version',
  PULL_HOSTS: '*.example.com',
  PULL_PORTS: '',
  VOD_API_PROTOCOL: 'http',
  VOD_REGION: 'ap-singapore',
  VOD_SUB_APP_ID: '1500000001',
  VOD_PULLS_PER_SECOND: '100',
  ...{ VOD_CALLS_PER_SECOND: '100', VOD_BACKGROUND_PERCENT: '50' },
  VOD_EVENT_MODE: 'PULL',
  ...{ RETENTION_EXPORT: '', RETENTION_EXPORT_REGION: '' },
  WEBHOOK_LOOPBACK: 'allow',
  WEBHOOK_PORTS: '',
  EVENT_BUS_ID: 'eb-0a1b2c3d',
  EVENT_BUS_REGION: 'ap-singapore',
  EVENT_BUS_EVENTS: '*',
  EVENT_BUS_API_PROTOCOL: 'http',
};

const SETTINGS = {
  keys: [
    {
      name: 'migration',
      sha256: createHash('sha256').update(CANARIES.apiKey.value).digest('hex'),
      scopes: ['upload:pull', 'upload:sign', 'upload:read'],
    },
  ],
};

const databases = useDatabases();
let stage: CanaryStage;
let built: BuiltFolder;
let requests: readonly TestRequest[];

beforeAll(async () => {
  stage = await openCanaryStage();
  built = await buildFolder(SETTINGS);
  requests = await makeRequests();
});
afterAll(() => Promise.all([stage.close(), built.remove()]));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function environmentOf(databaseUrl: string | undefined): Record<string, string | undefined> {
  const webhook = {
    url: `${stage.consumer.url}?token=${CANARIES.webhookQuery.value}`,
    secret: `whsec_${Buffer.from(CANARIES.webhookSecret.value).toString('base64')}`,
  };
  return {
    ...Object.fromEntries(
      Object.entries(HARMLESS).map(([name, value]) => [name, value || undefined]),
    ),
    AUTH: 'jwt',
    AUTH_JWT_SECRET: CANARIES.jwtSecret.value,
    VOD_SECRET_ID: CANARIES.keyId.value,
    VOD_SECRET_KEY: CANARIES.key.value,
    VOD_PREVIOUS_SECRET_KEY: CANARIES.previousKey.value,
    SOURCE_CONTEXT_KEYS: CANARIES.contextKey.value,
    TENCENTCLOUD_SECRETID: CANARIES.roleKeyId.value,
    TENCENTCLOUD_SECRETKEY: CANARIES.roleKey.value,
    TENCENTCLOUD_SESSIONTOKEN: CANARIES.roleToken.value,
    CALLBACK_SIGN_KEYS: CANARIES.signKey.value,
    VOD_API_ENDPOINT: stage.vod.endpoint,
    EVENT_BUS_API_ENDPOINT: stage.bus.endpoint,
    WEBHOOK_ENDPOINTS: JSON.stringify([webhook]),
    DATABASE_URL: databaseUrl,
  };
}

/** The output of the functions in one run. */
type Findings = Record<Outlet, string> & {
  readonly statuses: ReadonlyMap<string, ReadonlySet<number>>;
};

/** Calls every function with every request, and twice with a timer. */
async function drive(
  environment: Readonly<Record<string, string | undefined>>,
  asked: readonly TestRequest[] = requests,
): Promise<Findings> {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  // Retries do not wait.
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const read = overhear();
  const answers: unknown[] = [];
  const statuses = new Map<string, Set<number>>();
  for (const name of built.names) {
    const main = built.load(name);
    const seen = new Set<number>();
    statuses.set(name, seen);
    const call = async (event: unknown, remaining?: number) => {
      const context =
        remaining === undefined
          ? BROKEN_CONTEXT
          : { ...SCF_CONTEXT, getRemainingTimeInMillis: () => remaining };
      const answer = await main(event, context);
      answers.push(answer);
      const status: unknown = Reflect.get(Object(answer), 'statusCode');
      if (typeof status === 'number') seen.add(status);
      return typeof status === 'number';
    };
    await call(TIMER);
    if (!(await call(TIMER, 25_000))) continue;
    for (const [place, request] of asked.entries()) {
      const event = EVENT_SHAPES[place % 2]?.toEvent(request);
      await call(event, 6_000);
      await call(event);
    }
  }
  const log = read();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  const database = environment['DATABASE_URL'];
  return {
    ...stage.texts(),
    ...{ log, statuses },
    answer: answers
      .map((answer) => `${JSON.stringify(answer)} ${decodeSignature(answer)}`)
      .join('\n'),
    database: database?.startsWith('postgres') ? await dump(database) : '',
  };
}

/** Returns a function that returns everything written to standard output and standard error from now on. */
function overhear(): () => string {
  let written = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      written += String(chunk);
      return true;
    });
  }
  // The test runner's own console does not write there.
  for (const method of [
    'debug',
    'dir',
    'error',
    'info',
    'log',
    'table',
    'trace',
    'warn',
  ] as const) {
    vi.spyOn(console, method).mockImplementation((...values: unknown[]) => {
      written += `${formatWithOptions({ depth: null }, ...values)}\n`;
    });
  }
  return () => written;
}

/** A platform that fails in the middle of a call, with a long message. */
const BROKEN_CONTEXT = {
  ...SCF_CONTEXT,
  getRemainingTimeInMillis: () => {
    throw new TypeError(GOSSIP, { cause: GOSSIP });
  },
};

/** Anyone who has a signature can read it. */
function decodeSignature(answer: unknown): string {
  const body: unknown = Reflect.get(Object(answer), 'body');
  const signature = /"signature":"([^"]*)"/.exec(typeof body === 'string' ? body : '')?.[1] ?? '';
  return Buffer.from(signature, 'base64').toString('latin1');
}

async function dump(databaseUrl: string): Promise<string> {
  const sql = postgres(databaseUrl, { max: 1, connect_timeout: 2, onnotice: () => undefined });
  try {
    const tables = await sql<
      { name: string }[]
    >`select tablename as name from pg_tables where schemaname = 'public'`;
    const rows = tables.map(({ name }) => sql`select * from ${sql(name)}`);
    return JSON.stringify(await Promise.all(rows));
  } catch {
    return '';
  } finally {
    await sql.end();
  }
}

/** Returns what was found where it is not allowed. */
function findLeaks(findings: Findings): readonly string[] {
  const outlets = ['answer', 'log', 'cloud', 'message', 'database'] as const;
  const lines = findings.log.split('\n');
  const unkept = lines.filter(isUnkeptEvent);
  const found = { ...findings, log: lines.filter((line) => !isUnkeptEvent(line)).join('\n') };
  const leaks = outlets.flatMap((outlet) => {
    const strangers = ALL.filter(({ belongs }) => !belongs.includes(outlet));
    return findCanaries(found[outlet], strangers).map((name) => `${name} in ${outlet}`);
  });
  const secrets = ALL.filter(
    (canary) => canary !== CANARIES.eventText && !canary.belongs.includes('log'),
  );
  return [...leaks, ...findCanaries(unkept.join('\n'), secrets).map((name) => `${name} in event`)];
}

/** Returns whether a line of the log holds a notification that could not be stored. */
function isUnkeptEvent(line: string): boolean {
  return line.includes('"event":"');
}

/** Returns the URL of a new database, with a user whose password is a canary. */
async function createDatabase(content?: 'empty'): Promise<string> {
  const plain = await databases.create(content);
  const sql = postgres(plain, { max: 1, onnotice: () => undefined });
  const { value } = CANARIES.databasePassword;
  await sql.unsafe(
    `drop role if exists canary; create role canary superuser login password '${value}'`,
  );
  await sql.end();
  const url = new URL(plain);
  url.username = 'canary';
  url.password = value;
  return url.href;
}

describe('the search for canaries', () => {
  it.each(ALL.map(({ name, value }) => [name, value] as const))(
    'finds "%s" in every spelling',
    (name, value) => {
      for (const form of spell(value)) {
        expect(findCanaries(`{"a":"${form}b"}`, ALL)).toEqual([name]);
      }
      const token = Buffer.from(`{"sub":"x${value}"}`).toString('base64url');
      expect(findCanaries(token, ALL)).toEqual([name]);
    },
  );
});

describe('every function', () => {
  it('reveals no secret while everything works', async () => {
    stage.weather = 'fair';
    const findings = await drive(environmentOf(await createDatabase()));

    expect(findLeaks(findings)).toEqual([]);
    expect(findings.log.split('\n').filter(isUnkeptEvent)).toEqual([]);
    // The canaries are found where they are allowed, so the search looked at the right output.
    const { keyId, mediaQuery, roleToken, sourceContext, webhookQuery, eventText } = CANARIES;
    expect(findCanaries(findings.answer, [keyId, sourceContext])).toHaveLength(2);
    expect(findCanaries(findings.cloud, [roleToken, mediaQuery])).toHaveLength(2);
    expect(findCanaries(findings.message, [webhookQuery, eventText])).toHaveLength(2);
    expect(findCanaries(findings.database, [CANARIES.idempotencyKey, eventText])).toHaveLength(2);
    expect(findCanaries(findings.database, [CANARIES.denied])).toEqual([]);
    expect(findings.statuses.get('signature')).toContain(200);
    expect(findings.statuses.get('pull')).toContain(202);
    expect(findings.statuses.get('callback')).toContain(200);
    expect(findings.statuses.get('uploads')).toContain(200);
    expect(findings.log.split('"requestId"').length).toBeGreaterThan(requests.length * 4);
  });

  it.each<Weather>(['refusing', 'garbled', 'broken'])(
    'reveals no secret if the other services are %s',
    async (weather) => {
      stage.weather = weather;
      const kept = await drive(environmentOf(await createDatabase()));
      const unkept = await drive(environmentOf(undefined));

      expect([...findLeaks(kept), ...findLeaks(unkept)]).toEqual([]);
      expect(unkept.statuses.get('callback')).toContain(503);
      expect(kept.log).toContain('upstream_');
    },
  );

  it('reveals no secret if the database is missing, or its tables are not as expected', async () => {
    stage.weather = 'fair';
    const gone = await drive(
      environmentOf(`postgres://vod:${CANARIES.databasePassword.value}@127.0.0.1:1/vod`),
    );
    const empty = await drive(environmentOf(await createDatabase('empty')));

    expect([...findLeaks(gone), ...findLeaks(empty)]).toEqual([]);
    const unkept = gone.log.split('\n').filter(isUnkeptEvent).join('\n');
    expect(findCanaries(unkept, [CANARIES.eventText])).toHaveLength(1);
    expect(gone.statuses.get('uploads')).toContain(503);
    expect(empty.log).toContain('42P01');
  });
});

describe('a malformed variable', () => {
  it('contains a canary or is known to be harmless, for every variable that exists', async () => {
    const folder = fileURLToPath(new URL('../../lib', import.meta.url));
    const files = [
      'vod/api-config.ts',
      ...(await readdir(`${folder}/config`)).map((file) => `config/${file}`),
    ];
    const sources = await Promise.all(files.map((file) => readFile(`${folder}/${file}`, 'utf8')));
    const read = new Set(
      sources.flatMap((source) =>
        [
          ...source.matchAll(
            /\b(AUTH|[A-Z][A-Z\d]*_[A-Z\d_]+): (?:v\.|given|databaseUrl|secretKey|endpointList)/g,
          ),
        ].map(([, name = '']) => name),
      ),
    );

    expect(read.size).toBeGreaterThan(20);
    const planted = Object.keys(environmentOf(undefined));
    expect([...read].filter((name) => !planted.includes(name))).toEqual([]);
  });

  it('is named in the log, but its value is not', async () => {
    stage.weather = 'fair';
    const { value } = CANARIES.variable;
    const spellings = [
      `${value} ${value}`,
      `["${value}`,
      `mysql://${value}@x/`,
      `[{"url":"${value}","secret":"${value}"}]`,
    ];
    const quoted: string[] = [];
    for (const name of Object.keys(environmentOf(undefined))) {
      for (const wrong of spellings) quoted.push(...(await findQuotes(name, wrong)));
    }
    expect(quoted).toEqual([]);
  });
});

async function findQuotes(name: string, wrong: string): Promise<readonly string[]> {
  const findings = await drive(
    { ...environmentOf(undefined), [name]: wrong },
    requests.slice(0, 1),
  );
  // A signature contains the id of the key that signed it, whatever it looks like.
  const own = name === 'VOD_SECRET_ID' ? 'answer' : undefined;
  return findLeaks(findings)
    .filter((leak) => !leak.endsWith('in cloud') && leak !== `${CANARIES.variable.name} in ${own}`)
    .map((leak) => `${name} as ${wrong}: ${leak}`);
}
