import { setTimeout as pause } from 'node:timers/promises';
import { createConnection, readCode } from '../lib/ledger/connection.ts';

interface WaitOptions {
  /** Takes a line, once, where there is something to wait for. */
  readonly say: (line: string) => void;
  /** Longest wait; a minute by default. */
  readonly milliseconds?: number;
}

const MILLISECONDS = 60_000;
/** Between two attempts: the first, and the longest. */
const FIRST_PAUSE_MILLISECONDS = 250;
const LONGEST_PAUSE_MILLISECONDS = 2_000;
const ANSWER_MILLISECONDS = 5_000;

/**
 * What a server says, or the network in its place, while it starts: that it cannot connect now, or that it stops once
 * more after its data were prepared (https://www.postgresql.org/docs/current/errcodes-appendix.html); that nobody listens
 * yet; a container's proxy or a balancer accepts and then closes, or says nothing; a name server is not up either.
 */
const STARTING = new Set([
  ...['57P03', '57P01', '57P02', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAI_AGAIN', 'NO_ANSWER'],
  ...['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT'],
  ...['ETIMEDOUT', 'EHOSTUNREACH'],
]);

/**
 * Resolves when the server at `databaseUrl` takes connections, and waits for one that is still starting.
 *
 * @throws an error with a sentence that names DATABASE_URL and holds no secret: at once where waiting would not help,
 * and after the longest wait otherwise.
 */
export async function waitForDatabase(
  databaseUrl: string,
  { say, milliseconds = MILLISECONDS }: WaitOptions,
): Promise<void> {
  const giveUpAt = performance.now() + milliseconds;
  const seconds = Math.ceil(milliseconds / 1_000);
  for (let tries = 0; ; tries += 1) {
    try {
      return await connectOnce(databaseUrl);
    } catch (cause) {
      const code = readCode(cause);
      if (!STARTING.has(code)) throw fail('cannot be used', cause);
      if (performance.now() >= giveUpAt) throw fail(`is not up after ${seconds} seconds`, cause);
      if (tries === 0) {
        say(
          `The database of DATABASE_URL is not up yet (${code}): waiting for up to ${seconds} s.`,
        );
      }
    }
    await pause(Math.min(FIRST_PAUSE_MILLISECONDS * 1.5 ** tries, LONGEST_PAUSE_MILLISECONDS));
  }
}

async function connectOnce(databaseUrl: string): Promise<void> {
  const options = { databaseUrl, now: Date.now, answerMilliseconds: ANSWER_MILLISECONDS };
  const connection = createConnection(options);
  try {
    await connection.run((sql) => sql.unsafe('select 1', [], { prepare: true }));
  } finally {
    await connection.close();
  }
}

function fail(what: string, cause: unknown): Error {
  // Of a host with several addresses, each was tried, and the message is empty.
  const reason = (cause instanceof Error && cause.message) || readCode(cause);
  const advice = 'See that it runs, and that DATABASE_URL is right.';
  return new Error(`The database of DATABASE_URL ${what}: ${reason}. ${advice}`, { cause });
}
