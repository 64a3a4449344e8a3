import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../support/listen.ts';
import { useLedger } from '../support/use-ledger.ts';
import { startVodServer, succeed, type VodServer } from '../support/vod-server.ts';
import { type BuiltFunctions, buildFunctions } from './built-functions.ts';
import { SIGN_KEY, wrap } from './pushes.ts';
import { API_KEY } from './vod-api.ts';
import { OWN } from './world.ts';

/** Events that VOD cannot be asked about: a type that its API has no question for, and an unknown type. */
const CAST = {
  EventType: 'MediaCastStatusChanged',
  MediaCastStatusChangedEvent: {
    ...{ CastId: 'cast-1', Status: 'Working', SessionContext: 'canary-context' },
    DestinationSet: [{ Url: 'rtmp://live.example.com/app/canary-stream-key' }],
  },
};
const TOMORROW = { EventType: 'Tomorrow', TomorrowEvent: { Any: 'thing' } };
const EVENTS = [CAST, TOMORROW];

describe('events of types that VOD cannot be asked about, while the database is unavailable', () => {
  const database = useLedger({ per: 'file' });
  const { sql } = database;
  let awayUrl: string;
  let closed: Listening;
  let functions: BuiltFunctions;
  let api: VodServer;
  /** VOD's queue of events for `sweep`, by handle. */
  const queue = new Map<string, object>();

  const environment = (DATABASE_URL: string) => ({
    DATABASE_URL,
    VOD_SECRET_ID: API_KEY.secretId,
    VOD_SECRET_KEY: API_KEY.secretKey,
    VOD_SUB_APP_ID: String(OWN),
    VOD_API_ENDPOINT: api.endpoint,
    VOD_API_PROTOCOL: 'http',
  });
  const push = async (event: object, database: string) => {
    const variables = { ...environment(database), CALLBACK_SIGN_KEYS: SIGN_KEY };
    const worker = functions.startWorker('callback', variables);
    const outcome = await worker.call(wrap({ event, subAppId: OWN }));
    await worker.stop();
    const value: unknown = outcome.kind === 'result' ? outcome.value : undefined;
    const lines = outcome.log.split('\n').filter((line) => line !== '');
    return { status: Object(value).statusCode, log: outcome.log, lines: lines.map(parseLine) };
  };
  const sweep = async (database: string) => {
    const variables = { ...environment(database), VOD_EVENT_MODE: 'PULL' };
    const worker = functions.startWorker('sweep', variables);
    await worker.call({ Type: 'Timer', TriggerName: 'sweep', Time: '', Message: '' });
    await worker.stop();
  };
  const listTypes = async () => {
    const rows = await sql`select event_type from events order by event_type`;
    return rows.map((row) => row['event_type']);
  };

  beforeAll(async () => {
    // It accepts connections and ends them, as a starting server does.
    closed = await listen(createServer((socket) => socket.destroy()));
    const url = new URL(database.url);
    url.host = closed.host;
    awayUrl = url.href;
    api = await startVodServer((response, { action, parameters }) => {
      if (action === 'PullEvents') {
        const EventSet = [...queue].map(([EventHandle, event]) => ({ EventHandle, ...event }));
        succeed(response, { EventSet });
      } else if (action === 'ConfirmEvents') {
        for (const handle of Object(parameters['EventHandles'])) queue.delete(handle);
        succeed(response);
      } else succeed(response, { MediaInfoSet: [], TaskSet: [], TotalCount: 0 });
    });
    functions = await buildFunctions({});
  });
  afterAll(async () => {
    await Promise.all([closed.close(), api.close(), functions.remove()]);
  });

  it.each(EVENTS)(
    'of $EventType are answered with 503 so that VOD sends them again, and are written to the log',
    async (event) => {
      const { status, log, lines } = await push(event, awayUrl);

      expect(status).toBe(503);
      const kept = lines.filter((line) => 'event' in line);
      expect(kept).toMatchObject([
        { level: 'error', eventType: event.EventType, requestId: 'chaos', piece: '1/1' },
      ]);
      expect(JSON.parse(kept[0]?.event ?? '')).toMatchObject({ EventType: event.EventType });
      expect(log).not.toContain('canary');
      expect(lines.at(-1)).toMatchObject({ status: 503, code: 'ledger_unavailable' });
    },
  );

  it('are recorded when VOD sends them after the database is available again', async () => {
    for (const event of EVENTS) {
      const { status, log } = await push(event, database.url);
      expect(status).toBe(200);
      expect(log).not.toContain('"event":');
    }

    expect(await listTypes()).toEqual(['vod.MediaCastStatusChanged', 'vod.Tomorrow']);
  });

  it("stay in VOD's queue until they are recorded", async () => {
    await sql`truncate events cascade`;
    for (const event of EVENTS) queue.set(`handle ${event.EventType}`, event);

    await sweep(awayUrl);
    expect(queue.size).toBe(2);

    await sweep(database.url);
    expect(queue.size).toBe(0);
    expect(await listTypes()).toEqual(['vod.MediaCastStatusChanged', 'vod.Tomorrow']);
  });
});

function parseLine(line: string) {
  return JSON.parse(line);
}
