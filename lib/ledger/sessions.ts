import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseSettings } from './database-url.ts';
import { toLedgerError } from './explain-error.ts';
import { readCode } from './ledger-error.ts';
import { closeSession, createPause, IDLE_SECONDS, openSession, READ_ONLY } from './session.ts';
import { isLost, type Session } from './transaction.ts';

/** Dependencies of sessions. */
export interface SessionsOptions {
  /** Unix milliseconds, also while the instance was frozen. */
  readonly now: () => number;
  /** A number from 0 up to, and without, 1. */
  readonly random: () => number;
  /** Longest time for one piece of work, and so for a connection. */
  readonly answerMilliseconds: number;
}

/** The sessions of an instance, of which there is one at a time. */
export interface Sessions {
  /**
   * Returns the one that there is, or opens another; all who ask meanwhile wait for the same one.
   *
   * @throws {LedgerError}
   */
  obtain(): Promise<Session>;
  /** Takes note of work that was done. */
  worked(): void;
  /** Takes note of work that failed, and drops a session that is of no more use. */
  failed(session: Session, error: unknown): void;
  close(): Promise<void>;
}

/** A pooler has sent work to another connection than the one on which its statement was prepared. */
const UNPREPARED: ReadonlySet<string> = new Set(['26000', '42P05']);

/** Returns whether the same may go well in another session. */
export function isSpent(error: unknown): boolean {
  return isLost(error) || readCode(error) === READ_ONLY || UNPREPARED.has(readCode(error));
}

/** Creates the sessions of an instance with the database of `settings`; none is opened before it is asked for. */
export function createSessions(settings: DatabaseSettings, options: SessionsOptions): Sessions {
  const { now, random, answerMilliseconds } = options;
  const pause = createPause({ now, random, longest: Math.min(2_000, answerMilliseconds / 2) });
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
    obtain() {
      // No timer runs while an instance is frozen, so the clock tells what has been idle for too long.
      if (current !== undefined && now() - usedAt > IDLE_SECONDS * 1_000) drop(current);
      usedAt = now();
      opening ??= open();
      return opening;
    },
    worked() {
      usedAt = now();
      pause.worked();
    },
    failed(session, error) {
      usedAt = now();
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
