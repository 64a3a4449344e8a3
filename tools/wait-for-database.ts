import { setTimeout as pause } from 'node:timers/promises';
import { createConnection } from '../lib/ledger/connection/connection.ts';
import { LedgerError } from '../lib/ledger/ledger-error.ts';

interface WaitOptions {
  /** `DATABASE_CA`, where it is set. */
  readonly databaseCa?: string | undefined;
  /** Writes a line; called once, if the server is not ready. */
  readonly say: (line: string) => void;
  /** Longest wait; a minute by default. */
  readonly milliseconds?: number;
}

const MILLISECONDS = 60_000;
/** Pauses between attempts: the first, and the longest. */
const FIRST_PAUSE_MILLISECONDS = 250;
const MAX_PAUSE_MILLISECONDS = 2_000;
const ANSWER_MILLISECONDS = 5_000;

/**
 * Resolves when the server at `databaseUrl` accepts connections, and waits for one that is still starting.
 *
 * @throws an error with a sentence that names DATABASE_URL and has no secret: immediately if waiting would not help, or
 * else after the longest wait.
 */
export async function waitForDatabase(
  databaseUrl: string,
  { databaseCa, say, milliseconds = MILLISECONDS }: WaitOptions,
): Promise<void> {
  const giveUpAt = performance.now() + milliseconds;
  const seconds = Math.ceil(milliseconds / 1_000);
  for (let tries = 0; ; tries += 1) {
    const failure = await tryToConnect(databaseUrl, databaseCa);
    if (failure === undefined) return;
    if (performance.now() >= giveUpAt) {
      throw new Error(`Gave up after ${seconds} s. ${failure.message}`, { cause: failure });
    }
    if (tries === 0) {
      say(
        `The database of DATABASE_URL is not up yet (${failure.code}): waiting for up to ${seconds} s.`,
      );
    }
    await pause(Math.min(FIRST_PAUSE_MILLISECONDS * 1.5 ** tries, MAX_PAUSE_MILLISECONDS));
  }
}

/**
 * Returns an error that may pass by itself, or undefined if the server accepted a connection; throws any other error.
 */
async function tryToConnect(
  databaseUrl: string,
  databaseCa: string | undefined,
): Promise<LedgerError | undefined> {
  const connection = createConnection({
    databaseUrl,
    databaseCa,
    answerMilliseconds: ANSWER_MILLISECONDS,
  });
  try {
    await connection.run((sql) => sql.unsafe('select 1', [], { prepare: true }));
    return undefined;
  } catch (error) {
    if (error instanceof LedgerError && error.isTransient) return error;
    throw error;
  } finally {
    await connection.close();
  }
}
