import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clock } from '../../lib/system.ts';
import type { RawEvent } from '../../lib/vod/event.ts';
import { createTargets } from '../../lib/webhooks/create-targets.ts';
import {
  type Consumer,
  createSecret,
  endpointOf,
  startConsumer,
} from '../lib/webhooks/consumer.ts';
import { captureLog } from '../support/capture-log.ts';
import { connectVod } from '../support/connect-vod.ts';
import { signCallback } from '../support/sign-callback.ts';
import { encodeContext } from '../support/source-contexts.ts';
import { useLedger } from '../support/use-ledger.ts';
import { type ApiStage, openApiStage } from '../tools/local/emulator/api/api-stage.ts';
import { arrivalOf, messagesOf, openCallback } from './callback-stage.ts';
import { type Forgery, forge, type Loot, UNKNOWN_TYPES } from './forgeries.ts';

const KEYS = ['SignKeyNew1', 'SignKeyOld2'] as const;
const UPLOADS = ['01ARYZ6S410000000000000000', '01ARYZ6S410000000000000001'] as const;

const database = useLedger({ per: 'file' });
const { sql } = database;
let stage: ApiStage;
let consumer: Consumer;
let ask: ReturnType<typeof open>;
let loot: Loot;

captureLog();
beforeAll(async () => {
  stage = await openApiStage();
  consumer = await startConsumer((response) => response.end());
  ask = open();
  const genuine = await live();
  const nowSeconds = Math.floor(Date.now() / 1_000);
  loot = { ...genuine, nowSeconds, signed: signCallback(KEYS[0], nowSeconds + 600), keys: KEYS };
  for (const event of genuine.notifications) await notify({ ...event, ...loot.signed });
});
afterAll(() => Promise.all([stage.close(), consumer.close()]));

/** Opens the route over a real ledger and the emulator. */
function open() {
  const { role } = stage.account;
  const readCredentials = () => ({ ...role, token: role.token });
  const endpoints = [endpointOf(consumer.url, createSecret())];
  const targets = createTargets({ endpoints, eventBus: undefined }, { clock, readCredentials });
  const ledger = database.open({ targets });
  const api = connectVod(stage.host, {
    ...{ credentials: readCredentials(), subAppId: stage.account.subAppId },
  });
  return openCallback({ signKeys: KEYS, api, ledger: (work) => work(ledger), targets });
}

/** Has VOD pull two files, one of them with a task flow; returns all notifications. */
async function live(): Promise<Pick<Loot, 'notifications' | 'fileIds' | 'taskIds'>> {
  for (const [place, uploadId] of UPLOADS.entries()) {
    await stage.client.PullUpload({
      MediaUrl: 'http://samples.example.com/tone.wav',
      SourceContext: encodeContext({ uploadId, owner: 'user-42', method: 'pull' }),
      SessionId: uploadId,
      ...(place === 0 ? { Procedure: 'LongVideoPreset' } : {}),
    });
  }
  const notifications: RawEvent[] = [];
  for (let count = 0; count < 3; count += 1) {
    const { Sign: _sign, T: _t, ...event } = (await stage.receiver.next()).body;
    const parts = Object.entries(event).filter(([, part]) => part !== null);
    notifications.push(Object.fromEntries(parts));
  }
  const tasks = notifications.flatMap((event) =>
    Object.values(event).filter((part) => typeof part === 'object'),
  );
  const fileIds = [...new Set(tasks.map((task) => String(Object(task).FileId)))];
  const taskIds = tasks.map((task) => String(Object(task).TaskId));
  // VOD also reports the arrival of a pulled file, from the component that finds it.
  return { notifications: [...notifications, ...fileIds.map(arrivalOf)], fileIds, taskIds };
}

async function notify(body: unknown): Promise<number> {
  return (await ask({ body })).statusCode;
}

/** Returns all records and due deliveries, except those of unconfirmable events. */
async function readLedger() {
  return {
    uploads: await sql`select * from uploads order by upload_id`,
    events: await sql`select * from events where confirmed order by event_id`,
    deliveries: await sql`select d.* from deliveries d join events using (event_id)
      where confirmed order by event_id, endpoint`,
    kept: await sql`select * from unconfirmed_events where raw ->> 'EventType' <> 'FileDeleted'`,
    actions: await sql`select * from media_actions`,
  };
}

/** Sends the forgeries, eight at a time; returns those with an unexpected answer. */
async function attack(forgeries: readonly Forgery[]): Promise<readonly object[]> {
  const successes: object[] = [];
  const waiting = forgeries.values();
  const attackers = Array.from({ length: 8 }, async () => {
    for (const { kind, body, statuses } of waiting) {
      const status = await notify(body);
      if (!statuses.includes(status)) successes.push({ kind, status, body: body.slice(0, 300) });
    }
  });
  await Promise.all(attackers);
  return successes;
}

describe('POST /callback under attack', () => {
  it('accepts genuine notifications with either key and delivers their messages', async () => {
    expect(await sql`select state, file_id from uploads order by upload_id`).toMatchObject(
      UPLOADS.map((_, place) => ({ state: 'ready', file_id: loot.fileIds[place] })),
    );
    for (const key of KEYS) {
      const signed = signCallback(key, loot.nowSeconds + 300);
      expect(await notify({ ...loot.notifications[0], ...signed })).toBe(200);
    }
    expect(
      messagesOf(consumer)
        .map(({ type }) => type)
        .sort(),
    ).toEqual([
      ...['upload.ready', 'upload.ready', 'upload.uploaded'],
      ...['vod.NewFileUpload', 'vod.NewFileUpload'],
      ...['vod.ProcedureStateChanged', 'vod.PullComplete', 'vod.PullComplete'],
    ]);
  });

  it('changes nothing for ten thousand forgeries', async () => {
    const before = await readLedger();
    const forgeries = fc.sample(forge(loot), { seed: 20_260_301, numRuns: 10_000 });

    const successes = await attack(forgeries);

    expect(successes).toEqual([]);
    expect(await readLedger()).toEqual(before);
    // One of each file, and one of both.
    expect(await sql`select from unconfirmed_events`).toHaveLength(3);
    const kinds = new Set(forgeries.map(({ kind }) => kind));
    expect(kinds.size).toBe(28);
    const unconfirmed = await sql`select event_type from events where not confirmed`;
    expect(unconfirmed).toHaveLength(UNKNOWN_TYPES);
    expect(unconfirmed.every((row) => /^vod\.Forged\d+$/.test(String(row['event_type'])))).toBe(
      true,
    );
  }, 600_000);

  it('creates no upload of a file that never existed, although VOD confirms its absence', async () => {
    const { uploads } = await readLedger();
    const FileDeleteEvent = { FileIdSet: ['5285890700000000404'] };

    const status = await notify({ EventType: 'FileDeleted', FileDeleteEvent, ...loot.signed });

    expect(status).toBe(200);
    expect((await readLedger()).uploads).toEqual(uploads);
    expect(await sql`select event_id from events where event_type = 'upload.deleted'`).toEqual([]);
  });
});
