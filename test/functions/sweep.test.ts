import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeMedia, TONE, useSweepStage } from '../lib/sweep/sweep-stage.ts';
import {
  type Consumer,
  createSecret,
  endpointOf,
  startConsumer,
} from '../lib/webhooks/consumer.ts';
import { captureLog } from '../support/capture-log.ts';
import { contextKeysOf, encodeContext } from '../support/source-contexts.ts';

const FUNCTION = fileURLToPath(new URL('../../functions/sweep.ts', import.meta.url));

/** The event as https://cloud.tencent.com/document/product/583/9708 prints it. */
const EVENT = {
  Type: 'Timer',
  TriggerName: 'every-minute',
  Time: '2026-01-31T08:00:00Z',
  Message: '',
};

const UPLOADS = 200;

let consumer: Consumer;
let secret: string;
const log = captureLog();
let onWebhook: (count: number) => void;
const processes: ChildProcess[] = [];

beforeEach(async () => {
  onWebhook = () => undefined;
  consumer = await startConsumer((response) => {
    response.end();
    onWebhook(consumer.received.length);
  });
  secret = createSecret();
});
afterEach(() => consumer.close());
const stage = useSweepStage(() => ({ endpoints: [endpointOf(consumer.url, secret)] }));
afterEach(() => {
  vi.unstubAllEnvs();
  for (const process of processes.splice(0)) process.kill('SIGKILL');
});

const environment = () => ({
  DATABASE_URL: stage.databaseUrl,
  VOD_API_ENDPOINT: stage.vod.host,
  VOD_API_PROTOCOL: 'http',
  VOD_SECRET_ID: stage.vod.account.secretId,
  VOD_SECRET_KEY: stage.vod.account.secretKey,
  VOD_EVENT_MODE: 'PULL',
  VOD_PULLS_PER_SECOND: '50',
  WEBHOOK_ENDPOINTS: JSON.stringify([{ url: consumer.url, secret }]),
  WEBHOOK_LOOPBACK: 'allow',
});

/** The keys with which the function verifies source contexts. */
const contexts = () => ({
  keys: contextKeysOf(stage.vod.account.secretKey),
  v1Until: undefined,
});

/** Loads the function as a new instance with this environment. */
async function load(change: Readonly<Record<string, string | undefined>> = {}) {
  for (const [name, value] of Object.entries({ ...environment(), ...change })) {
    vi.stubEnv(name, value);
  }
  vi.resetModules();
  const { main_handler } = await import('../../functions/sweep.ts');
  return (milliseconds = 60_000, event: object = EVENT) =>
    main_handler(event, { request_id: 'request-1', getRemainingTimeInMillis: () => milliseconds });
}

/** Creates due deliveries, pulls and queued events. */
async function makeWork(): Promise<void> {
  await stage.vod.client.ModifyEventConfig({ Mode: 'PULL' });
  await makeMedia(stage.vod, 20);
  await stage.ledger.enqueuePulls(
    Array.from({ length: UPLOADS }, (_, index) => {
      const uploadId = `01JSWEEP00000000000000${String(index).padStart(4, '0')}`;
      const upload = { uploadId, owner: 'alice', method: 'pull' } as const;
      const SourceContext = encodeContext(upload, undefined, contexts());
      const request = { MediaUrl: TONE, SessionId: uploadId, SourceContext };
      return { uploadId, owner: 'alice', request };
    }),
  );
}

/** Runs the function once in a separate process. */
function spawnSweep(): ChildProcess {
  const script = `import(${JSON.stringify(FUNCTION)}).then(({ main_handler }) =>
    main_handler({}, { getRemainingTimeInMillis: () => 600_000 }));`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--eval', script], {
    env: { ...process.env, ...environment() },
    stdio: 'ignore',
  });
  processes.push(child);
  return child;
}

describe('the sweep function', () => {
  it('does all due work, and returns and logs the same summary', async () => {
    await makeWork();
    const call = await load();

    const answer = await call();

    expect(answer).toMatchObject({
      steps: {
        queue: { late: 0, failed: 0 },
        pulls: { sent: UPLOADS },
        deliveries: { delivered: expect.any(Number) },
      },
      backlog: { pulls: 0, deliveries: 0, lagSeconds: 0 },
      outOfTime: false,
    });
    const { steps, backlog, errors, outOfTime } = Object(answer);
    // Pulls of this sweep may already have ended and be reported in it.
    expect(steps.queue.pulled).toBeGreaterThanOrEqual(20);
    expect(steps.queue).toMatchObject({ fresh: steps.queue.pulled, confirmed: steps.queue.pulled });
    expect(log.lines).toEqual([
      {
        ...{ level: 'info', function: 'sweep', requestId: 'request-1' },
        ...{ milliseconds: expect.any(Number), steps, backlog, errors, outOfTime },
      },
    ]);
  });

  it("scans for recent media immediately if the timer's message says so", async () => {
    await makeMedia(stage.vod);
    const call = await load();

    expect(await call()).toMatchObject({ steps: { media: { fresh: 0 } } });
    expect(await call(60_000, { Message: 'now' })).toMatchObject({
      steps: { media: { fresh: 1 } },
    });
  });

  it('logs a warning if its time limit is too short for any work', async () => {
    await makeWork();
    const call = await load();

    expect(await call(3_000)).toMatchObject({ outOfTime: true, backlog: { pulls: UPLOADS } });

    expect(log.lines).toEqual([
      expect.objectContaining({ level: 'warn', reason: expect.stringContaining('timeout') }),
    ]);
  });

  it('never rejects, and logs which variable is missing', async () => {
    const call = await load({ DATABASE_URL: undefined });

    expect(await call()).toMatchObject({ problem: { status: 500, requestId: 'request-1' } });

    expect(log.lines).toMatchObject([{ level: 'error', fields: ['DATABASE_URL'] }]);
  });

  it('never rejects, and logs an error if the database is not available', async () => {
    const call = await load({ DATABASE_URL: 'postgres://user:canary@127.0.0.1:1/none' });

    expect(await call()).toMatchObject({ errors: { ECONNREFUSED: expect.any(Number) } });

    expect(log.lines.at(-1)).toMatchObject({ level: 'error', errors: { ECONNREFUSED: 11 } });
    expect(log.text).not.toContain('canary');
  });

  it('continues after a process was killed in the middle of its work', async () => {
    await makeWork();
    const underWay = new Promise<void>((resolve) => {
      onWebhook = (count) => count > UPLOADS / 2 && resolve();
    });
    const child = spawnSweep();
    await underWay;
    child.kill('SIGKILL');
    await once(child, 'exit');
    const before = await stage.ledger.readBacklog();
    expect(before.deliveries.count).toBeGreaterThan(0);

    // The leases of the killed process end.
    stage.passSeconds(301);
    const summary = await stage.sweep({ pullsEvents: true, contexts: contexts() });

    expect(summary.broken).toEqual([]);
    expect(summary.backlog).toMatchObject({ deliveries: 0, pulls: 0 });
    // VOD reports all of them in time, also those whose answer was lost with the process.
    const countReady = async () => {
      await stage.sweep({ pullsEvents: true, contexts: contexts() });
      const query = { owner: 'alice', state: 'ready', limit: 1_000 } as const;
      return (await stage.ledger.listUploads(query)).items.length;
    };
    await expect.poll(countReady).toBe(UPLOADS);
    expect(stage.vod.emulator().mediaCount()).toBe(UPLOADS + 20);
    const told = consumer.received.map(({ body }) => JSON.parse(body));
    const issued = told.filter(({ type }) => type === 'upload.issued');
    expect(new Set(issued.map(({ data }) => data.uploadId)).size).toBe(UPLOADS);
  });
});
