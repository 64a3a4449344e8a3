import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { Clock, Random } from '../../system.ts';
import { createPause } from '../../system.ts';
import { LedgerError, readCode } from '../ledger-error.ts';
import { type DatabaseSettings, demandDatabase } from './database-url.ts';
import { toLedgerError } from './explain-error.ts';
import { failWith } from './open-socket.ts';
import { closeSession, IDLE_SECONDS, openSession, READ_ONLY } from './session.ts';
import { begin, isLost, type Session, type Statements } from './transaction.ts';

/** The one connection of an instance. */
export interface Connection {
  /**
   * Returns the result of `work`. It is repeated once on a new connection if the first one was lost or its server is
   * read-only, and several times if it was rolled back because of a conflict with another transaction. So `work` must
   * be one statement or one transaction, and must be repeatable even if the lost one took effect. All attempts together
   * take at most {@link MAX_WORK} times as long as one may.
   *
   * @throws {LedgerError} if the database cannot be reached or refuses the work; any other error that `work` throws.
   */
  run<Result>(work: (sql: Statements) => Promise<Result>): Promise<Result>;
  /** The same for several statements in one transaction: either all take effect or none. */
  transact<Result>(work: (sql: Statements) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Longest wait for all attempts at one piece of work, in times the longest wait for one attempt. */
const MAX_WORK = 2;

/** Dependencies of a connection. */
export interface ConnectionOptions {
  readonly databaseUrl: string;
  /** `DATABASE_CA`, if it is set. */
  readonly databaseCa?: string | undefined;
  /** Of which no time is missing after the instance was frozen; if missing, that of the machine. */
  readonly clock?: Pick<Clock, 'now'>;
  /** Longest wait for one attempt; a connection that is silent for longer is treated as lost. */
  readonly answerMilliseconds?: number;
  readonly random?: Pick<Random, 'fraction'>;
  /** Throws the error with which work has failed, or a better explanation, for which it may look into the database. */
  readonly explain?: (error: unknown, run: Connection['run']) => Promise<never>;
}

const ANSWER_MILLISECONDS = 10_000;

/** Two transactions conflicted; the server rolled this one back, and it may be repeated. */
const SERIALIZATION_FAILURES = new Set(['40001', '40P01']);

/** Each rollback means that another transaction has made progress, so few attempts are enough. */
const MAX_ATTEMPTS = { lost: 2, undone: 5 } as const;

/**
 * Creates a connection, which is opened when it is first needed.
 *
 * @throws {LedgerError} if `databaseUrl` or `databaseCa` is wrong.
 */
export function createConnection(options: ConnectionOptions): Connection {
  const {
    clock = Date,
    answerMilliseconds = ANSWER_MILLISECONDS,
    random = { fraction: Math.random },
    explain,
  } = options;
  const settings = demandDatabase(options);
  const sessions = createSessions(settings, { clock, random, answerMilliseconds });

  const attempt = async <Result>(
    work: (session: Session) => Promise<Result>,
    milliseconds: number,
  ): Promise<Result> => {
    const giveUpAt = performance.now() + milliseconds;
    let session: Session | undefined;
    try {
      // Work that would be late is not started: its caller has already received an error.
      const opened = sessions.getSession();
      session = opened instanceof Promise ? await answerInTime(opened, milliseconds) : opened;
      const result = await answerInTime(work(session), giveUpAt - performance.now());
      sessions.worked();
      return result;
    } catch (error) {
      if (session !== undefined) sessions.failed(session, error);
      throw isOfDatabase(error) ? toLedgerError(error, settings) : error;
    }
  };

  const run: Connection['run'] = (work) =>
    withRetry(answerMilliseconds, (longest) =>
      attempt((session) => perform(session, work), longest),
    );
  const transact: Connection['transact'] = (work) =>
    withRetry(answerMilliseconds, (longest) => attempt((session) => begin(session, work), longest));
  const { close } = sessions;
  if (explain === undefined) return { run, transact, close };
  const fail = (error: unknown) => explain(error, run);
  return {
    run: (work) => run(work).catch(fail),
    transact: (work) => transact(work).catch(fail),
    close,
  };
}

/** Runs `work`; in a transaction if the settings of the URL have to be repeated each time. */
function perform<Result>(
  session: Session,
  work: (sql: Statements) => Promise<Result>,
): Promise<Result> {
  const isWhole = session.isPooled && Object.keys(session.settings).length > 0;
  return isWhole ? begin(session, work) : work(session.sql);
}

async function withRetry<Result>(
  milliseconds: number,
  attempt: (longest: number) => Promise<Result>,
): Promise<Result> {
  const endAt = performance.now() + MAX_WORK * milliseconds;
  let left = milliseconds;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(left);
    } catch (error) {
      left = Math.min(milliseconds, endAt - performance.now());
      if (tries >= countTries(error) || left <= 0) throw error;
    }
  }
}

function countTries(error: unknown): number {
  if (SERIALIZATION_FAILURES.has(readCode(error))) return MAX_ATTEMPTS.undone;
  return isSpent(error) ? MAX_ATTEMPTS.lost : 1;
}

/** Returns whether this is an error of the server, the driver or the socket, without an explanation yet. */
function isOfDatabase(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof LedgerError) return false;
  return error instanceof postgres.PostgresError || isLost(error);
}

/** The sessions of an instance; at most one is open at a time. */
interface Sessions {
  /**
   * Returns the open session, or opens one; concurrent calls wait for the same one.
   *
   * @throws {LedgerError}
   */
  getSession(): Session | Promise<Session>;
  /** Records work that succeeded. */
  worked(): void;
  /** Records work that failed, and closes a session that can no longer be used. */
  failed(session: Session, error: unknown): void;
  close(): Promise<void>;
}

/** A pooler sent the work to a connection on which its statement was not prepared. */
const UNPREPARED: ReadonlySet<string> = new Set(['26000', '42P05']);

/** Returns whether the same work may succeed in another session. */
function isSpent(error: unknown): boolean {
  return isLost(error) || readCode(error) === READ_ONLY || UNPREPARED.has(readCode(error));
}

/** Creates the sessions of an instance with the database of `settings`; none is opened before it is needed. */
function createSessions(
  settings: DatabaseSettings,
  options: Required<Pick<ConnectionOptions, 'clock' | 'random' | 'answerMilliseconds'>>,
): Sessions {
  const { clock, random, answerMilliseconds } = options;
  const pause = createPause({ clock, random, longest: Math.min(2_000, answerMilliseconds / 2) });
  let { isPooled, hosts } = settings;
  let opening: Promise<Session> | undefined;
  let current: Session | undefined;
  let usedAt = 0;

  const drop = (session: Session) => {
    if (session === current) {
      current = undefined;
      opening = undefined;
    }
    closeSession(session);
  };
  const open = async () => {
    const left = pause.left();
    if (left > 0) await sleep(left);
    try {
      const session = await openSession({
        ...{ settings: { ...settings, hosts }, isPooled },
        connectMilliseconds: Math.min(settings.connectSeconds * 1_000, answerMilliseconds),
        statementMilliseconds: answerMilliseconds,
      });
      ({ isPooled } = session);
      hosts = [session.host, ...hosts.filter((host) => host !== session.host)];
      current = session;
      return session;
    } catch (error) {
      opening = undefined;
      pause.failed();
      throw readCode(error) === '' ? error : toLedgerError(error, settings);
    }
  };

  return {
    getSession() {
      // No timer runs while an instance is frozen, so the clock shows whether a session was idle for too long.
      if (current !== undefined && clock.now() - usedAt > IDLE_SECONDS * 1_000) drop(current);
      usedAt = clock.now();
      opening ??= open();
      return current ?? opening;
    },
    worked() {
      usedAt = clock.now();
      pause.worked();
    },
    failed(session, error) {
      usedAt = clock.now();
      if (!isSpent(error)) return;
      if (UNPREPARED.has(readCode(error))) isPooled = true;
      if (session === current) pause.lost();
      drop(session);
    },
    async close() {
      const last = await opening?.catch(() => undefined);
      opening = undefined;
      current = undefined;
      await last?.sql.end({ timeout: 5 });
    },
  };
}

/**
 * Returns the result of `work`.
 *
 * @throws an error `NO_ANSWER` if it takes longer.
 */
async function answerInTime<Result>(work: Promise<Result>, milliseconds: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failWith('NO_ANSWER')), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
