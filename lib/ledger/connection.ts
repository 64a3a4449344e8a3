import postgres, { type Sql } from 'postgres';

/** What a piece of work sends its statements through. */
export interface Statements {
  unsafe<Rows extends object[]>(
    query: string,
    parameters: (string | number | null)[],
    options: { readonly prepare: true },
  ): Promise<Rows>;
}

/** The one connection of an instance. */
export interface Connection {
  /**
   * Answers what `work` answers; once more on a new connection where the first was lost, and again where it met another
   * one's and was undone. So `work` must be one statement, or one transaction, that may be repeated although the lost one
   * took effect.
   */
  run<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>;
  /** The same for several statements, of which all take effect or none. */
  transact<Result>(work: (sql: Statements) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** What a connection takes from outside. */
export interface ConnectionOptions {
  readonly databaseUrl: string;
  /** Unix milliseconds, also while the instance was frozen. */
  readonly now: () => number;
  /** Longest wait for one piece of work; a connection that is silent for longer is taken for dead. */
  readonly answerMilliseconds?: number;
}

const CONNECT_SECONDS = 5;
/** Less than proxies and address translation wait before they forget a connection silently. */
const IDLE_SECONDS = 60;
const ANSWER_MILLISECONDS = 10_000;

/** The connection was lost, or never came about: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
const LOST = new Set([
  ...['CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'CONNECTION_ENDED', 'CONNECT_TIMEOUT'],
  ...['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'NO_ANSWER'],
  // Ended by an administrator, a crash, a failover or a time limit on idle connections; or not up yet.
  ...['57P01', '57P02', '57P03', '57P05', '25P03', '08006'],
]);

/** Two transactions stood in each other's way; the server undid this one, and it may go again. */
const UNDONE = new Set(['40001', '40P01']);

/** Each time that one is undone, another one has gone on; so few are enough. */
const MOST_TRIES = { lost: 2, undone: 5 } as const;

/** Answers a connection that is made when it is first needed. */
export function createConnection(options: ConnectionOptions): Connection {
  const { databaseUrl, now, answerMilliseconds = ANSWER_MILLISECONDS } = options;
  let client: Client | undefined;
  let usedAt = 0;

  const discard = (dead: Client) => {
    if (client === dead) client = undefined;
    // Nobody waits for a farewell to a dead connection.
    dead.sql.end({ timeout: 0 }).catch(() => undefined);
  };
  const obtain = () => {
    // No timer runs while an instance is frozen, so the clock tells what has been idle for too long.
    const isStale = now() - usedAt > IDLE_SECONDS * 1_000;
    if (client !== undefined && isStale) discard(client);
    client ??= createClient(databaseUrl, answerMilliseconds);
    usedAt = now();
    return client;
  };
  const attempt = async <Result>(work: (client: Client) => Promise<Result>): Promise<Result> => {
    const used = obtain();
    try {
      return await answerInTime(work(used), answerMilliseconds);
    } catch (error) {
      if (LOST.has(readCode(error))) discard(used);
      throw error;
    } finally {
      usedAt = now();
    }
  };

  const insist = async <Result>(work: (client: Client) => Promise<Result>) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt(work);
      } catch (error) {
        if (tries >= countTries(readCode(error))) throw error;
      }
    }
  };

  return {
    run: (work) => insist(({ sql }) => work(sql)),
    transact: (work) => insist((used) => begin(used, work)),
    async close() {
      const last = client;
      client = undefined;
      await last?.sql.end({ timeout: 5 });
    },
  };
}

function countTries(code: string): number {
  if (UNDONE.has(code)) return MOST_TRIES.undone;
  return LOST.has(code) ? MOST_TRIES.lost : 1;
}

interface Client {
  readonly sql: Sql;
  /** How often its connection has closed. */
  readonly closures: () => number;
}

function createClient(databaseUrl: string, answerMilliseconds: number): Client {
  let closures = 0;
  const sql = postgres(databaseUrl, {
    onclose: () => {
      closures += 1;
    },
    max: 1,
    // Only types that every server has are used.
    fetch_types: false,
    connect_timeout: CONNECT_SECONDS,
    idle_timeout: IDLE_SECONDS,
    // The second try is made at once, and there is no third.
    backoff: false,
    onnotice: () => undefined,
    connection: {
      application_name: 'vod-upload',
      statement_timeout: answerMilliseconds,
      // Planning anew costs more than these statements themselves, and no parameter would change their plans.
      plan_cache_mode: 'force_generic_plan',
      jit: 'off',
    },
  });
  return { sql, closures: () => closures };
}

/**
 * Answers what `work` answers, as one transaction.
 *
 * A word to a connection that closed under a transaction ends the whole process
 * (https://github.com/porsager/postgres/issues/1208). So once it is lost, work is left waiting: it sends nothing more,
 * not even the driver's own `rollback`, and the driver rejects the transaction by itself.
 */
async function begin<Result>(
  { sql, closures }: Client,
  work: (sql: Statements) => Promise<Result>,
): Promise<Result> {
  const ended: { result: Result }[] = [];
  await sql.begin(async (transaction) => {
    const before = closures();
    const goOn = async <Value>(step: () => Promise<Value>): Promise<Value> => {
      if (closures() !== before) return forEver();
      try {
        return await step();
      } catch (error) {
        if (LOST.has(readCode(error)) || closures() !== before) return forEver();
        throw error;
      }
    };
    const result = await goOn(() =>
      work({
        unsafe: <Rows extends object[]>(query: string, parameters: (string | number | null)[]) =>
          goOn<Rows>(() => transaction.unsafe<Rows>(query, parameters, { prepare: true })),
      }),
    );
    if (closures() !== before) return forEver();
    ended.push({ result });
  });
  const [end] = ended;
  if (end === undefined) throw new Error('The transaction ended without a result.');
  return end.result;
}

function forEver(): Promise<never> {
  return new Promise(() => undefined);
}

/** Answers the code of an error of the server, the driver or the socket; empty where it has none. */
export function readCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

async function answerInTime<Result>(work: Promise<Result>, milliseconds: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error('The database did not answer in time.'), {
      code: 'NO_ANSWER',
    });
    timer = setTimeout(reject, milliseconds, error);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
