import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { bundleFiles } from '../../tools/deploy/bundle.ts';
import { findPostmaster } from './processor-time.ts';

/**
 * How the built `callback` function, called as SCF does, takes notifications. VOD and a consumer are in one process of their
 * own.
 */
export interface CallbackCost {
  /** Number of notifications at the same time, the milliseconds of the slowest answer, and answers other than 200. */
  readonly burst: number;
  readonly slowestMilliseconds: number;
  readonly refused: number;
  /** Notifications of the burst that were stored first. */
  readonly stored: number;
  /** Notifications in a second, with the database, VOD and the consumer on the same cores. */
  readonly perSecond: number;
  /** Milliseconds for which the process and the database's server compute for one notification. */
  readonly ownMilliseconds: number;
  readonly serverMilliseconds: number;
  /** Notifications for each second for which these two compute. */
  readonly perCoreSecond: number;
  /** Milliseconds within which 99 percent are answered at half of that rate. */
  readonly p99AtHalf: number;
  /** Milliseconds from a notification to the answer of the consumer at that rate. */
  readonly latencyP50: number;
  readonly latencyP99: number;
  /** Stored notifications that were still to be confirmed at the end of the burst. */
  readonly unconfirmed: number;
}

const run = promisify(execFile);
const SIGN_KEY = 'SignKeyOfTheBench';
const NOTIFIED = fileURLToPath(new URL('./handlers/notified.ts', import.meta.url));
const SERVER = fileURLToPath(new URL('./handlers/vod-and-consumer.ts', import.meta.url));

/**
 * Measures the function in the folder, steadily for this number of seconds, and then in a burst.
 *
 * @param vod variables of another VOD, which has the files of `fileIdOf()`.
 */
export async function measureCallback(
  folder: string,
  databaseUrl: string,
  seconds: number,
  vod: NodeJS.ProcessEnv = {},
): Promise<CallbackCost> {
  const bundles = await bundleFiles([NOTIFIED, SERVER], []);
  const [notified, server] = [join(folder, 'notified.js'), join(folder, 'vod-and-consumer.js')];
  for (const [place, script] of [notified, server].entries()) {
    await writeFile(script, bundles[place]?.code ?? '');
  }
  const consumer = spawn(process.execPath, [server], { stdio: ['ignore', 'pipe', 'inherit'] });
  const sql = postgres(databaseUrl, { max: 1 });
  try {
    const host = `127.0.0.1:${await readLine(consumer.stdout)}`;
    const parameters = [
      ...[join(folder, 'callback.js'), SIGN_KEY, String(seconds), host],
      String(await findPostmaster(databaseUrl)),
    ];
    const env = { ...writeEnvironment(host, databaseUrl), ...vod };
    const { stdout } = await run(process.execPath, [notified, ...parameters], { env });
    const [left] = await sql`select count(*)::integer as count from unconfirmed_events`;
    return { ...JSON.parse(stdout), unconfirmed: Number(left?.['count']) };
  } finally {
    consumer.kill();
    await sql.end();
  }
}

async function readLine(input: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input })) return line;
  throw new Error('The server does not say where it listens.');
}

function writeEnvironment(host: string, databaseUrl: string): NodeJS.ProcessEnv {
  const secret = `whsec_${Buffer.alloc(32, 'w').toString('base64')}`;
  const endpoint = { url: `http://${host}/hook`, secret, events: ['upload.*'] };
  return {
    ...{ VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'secret-key-example' },
    ...{
      VOD_API_ENDPOINT: host,
      VOD_API_PROTOCOL: 'http',
      DATABASE_URL: databaseUrl,
    },
    ...{ CALLBACK_SIGN_KEYS: SIGN_KEY, WEBHOOK_LOOPBACK: 'allow' },
    WEBHOOK_ENDPOINTS: JSON.stringify([endpoint]),
  };
}
