import { describe, expect, it } from 'vitest';
import { deliverClaimed } from '../../lib/webhooks/deliver-due.ts';
import type { Message } from '../../lib/webhooks/message.ts';
import { listMessages } from '../../lib/webhooks/message-feed.ts';
import { SCF_CONTEXT } from '../support/http-events.ts';
import { settleFeed } from '../support/settle-feed.ts';
import { eventOf } from '../support/use-ledger.ts';
import { ADMIN, id, useUploads } from './uploads-stage.ts';

const { ledger, sql, ask, issue, now, load } = useUploads();

type Query = Readonly<Record<string, string>>;
const follow = async (query: Query = {}, scope = ADMIN) => {
  await settleFeed(sql);
  return ask('GET', '/uploads/events', { query, scope, context: leaving(30) });
};
const begin = async () => (await follow()).json.cursor;
const typesOf = (json: { items: { message: Message }[] }) =>
  json.items.map(({ message }) => message.type);
const leaving = (seconds: number) => ({
  ...SCF_CONTEXT,
  getRemainingTimeInMillis: () => seconds * 1_000,
});

const recordVod = (eventId: string) =>
  ledger.recordEvent(
    eventOf([], {
      ...{ eventId, eventType: 'vod.FileDeleted', subAppId: 7, confirmed: false },
      payload: { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: ['f'] } },
    }),
  );

describe('GET /uploads/events', () => {
  it('has the messages that consumers are sent, in the order in which they were recorded', async () => {
    const after = await begin();
    await issue('a');
    await recordVod('evt_vod');
    await ledger.transition(id('a'), 'cancelled');
    const sent: Message[] = [];
    const send = async (message: Message) => {
      sent.push(message);
      return { ok: true, gone: false };
    };
    await deliverClaimed(await ledger.claimDeliveries(10, 60, 10, ['audit']), {
      ...{ ledger, clock: { now }, random: { fraction: () => 0.5 }, report: () => undefined },
      ...{ targets: [{ id: 'orders', events: ['*'], send }], deadline: { left: () => 60_000 } },
    });

    const { statusCode, headers, json } = await follow({ after });

    expect(statusCode).toBe(200);
    expect(headers).toHaveProperty('ETag');
    expect(typesOf(json)).toEqual(['upload.issued', 'vod.FileDeleted', 'upload.cancelled']);
    expect(json).toMatchObject({ items: [{ eventId: `evt_${id('a')}_issued` }, {}, {}] });
    const byId = (a: Message, b: Message) => a.id.localeCompare(b.id);
    const listed = json.items.map(({ message }: { message: Message }) => message);
    expect(listed.toSorted(byId)).toEqual(JSON.parse(JSON.stringify(sent.toSorted(byId))));
    expect(json).not.toHaveProperty('more');
  });

  it('continues page by page, from the cursor of a page or of an item', async () => {
    const after = await begin();
    for (const name of ['a', 'b', 'c']) await issue(name);

    const first = (await follow({ after, limit: '2' })).json;
    const [item] = first.items;

    expect(first).toMatchObject({ more: true, cursor: first.items[1].cursor });
    expect((await follow({ after: first.cursor })).json.items).toHaveLength(1);
    expect((await follow({ after: item.cursor })).json.items).toHaveLength(2);
  });

  it('waits for what is recorded meanwhile', async () => {
    const after = await begin();
    const waiting = follow({ after, wait: '20', types: 'upload.cancelled' });
    await issue('a');
    await ledger.transition(id('a'), 'cancelled');

    expect(typesOf((await waiting).json)).toEqual(['upload.cancelled']);
  });

  it('waits no longer than asked, and for less time if little is left', async () => {
    const spent: number[] = [];
    const clock = {
      monotonic: () => spent.reduce((sum, each) => sum + each, 0),
      sleep: async (milliseconds: number) => void spent.push(milliseconds),
    };
    const ledgerOf = async <R>(work: (each: typeof ledger) => Promise<R>) => work(ledger);
    const total = async (wait: string, seconds: number) => {
      spent.length = 0;
      const deadline = { left: () => seconds * 1_000 - clock.monotonic() };
      const call = { owner: undefined, subAppId: undefined, ledger: ledgerOf, deadline };
      const { status } = await listMessages({ event: { queryString: { wait } }, ...call }, clock);
      expect(status).toBe(200);
      return clock.monotonic();
    };

    expect(await total('0', 30)).toBe(0);
    expect(await total('5', 30)).toBe(5_000);
    expect(await total('20', 30)).toBe(20_000);
    expect(await total('20', 10)).toBe(3_000);
    expect(await total('20', 2)).toBe(0);
  });

  it('shows owners the states of their own uploads only', async () => {
    const after = await begin();
    await issue('a');
    await issue('b', 'bob');
    await recordVod('evt_vod');
    await settleFeed(sql);
    const read = async (owner: string) =>
      (await ask('GET', '/uploads/events', { query: { after }, owner })).json.items.map(
        ({ eventId }: { eventId: string }) => eventId,
      );

    expect(await read('ann')).toEqual([`evt_${id('a')}_issued`]);
    expect(await read('bob')).toEqual([`evt_${id('b')}_issued`]);
  });

  it('passes by a message that cannot be made, as a delivery does', async () => {
    const after = await begin();
    let deep: unknown = 'f';
    for (let i = 0; i < 3_000; i += 1) deep = [deep];
    await ledger.recordEvent(eventOf([], { eventId: 'deep', payload: { deep: deep as string } }));
    await issue('a');

    expect(typesOf((await follow({ after })).json).at(-1)).toBe('upload.issued');
  });

  it('makes a large message thin', async () => {
    const after = await begin();
    const payload = { EventType: 'FileDeleted', text: 'x'.repeat(300_000) };
    await ledger.recordEvent(
      eventOf([], { eventId: 'large', eventType: 'vod.FileDeleted', payload }),
    );

    const { items } = (await follow({ after })).json;

    expect(items[0].message).toMatchObject({
      ...{ type: 'vod.FileDeleted', data: { EventType: 'FileDeleted' } },
      dataOmitted: { maxBytes: 262_144 },
    });
  });

  it('ends a page before its answer is larger than the platform passes on', async () => {
    const after = await begin();
    const payload = { text: 'x'.repeat(200_000) };
    const events = Array.from({ length: 60 }, (_, i) => eventOf([], { eventId: `e${i}`, payload }));
    await ledger.recordEvents(events);

    let count = 0;
    for (let cursor = after, more = true; more; ) {
      const { json, body } = await follow({ after: cursor, limit: '100' });
      expect(body.length).toBeLessThan(5_000_000);
      count += json.items.length;
      cursor = json.cursor;
      more = json.more === true;
    }
    expect(count).toBe(60);
  });

  it.each([
    [{ after: 'canary' }, ['after']],
    [{ wait: '21' }, ['wait']],
    [{ wait: '-1', limit: '0' }, ['wait', 'limit']],
    [{ types: 'upload.done' }, ['types']],
    [{ types: 'upload.*,' }, ['types']],
    [{ owner: 'ann' }, ['owner']],
  ])('refuses the query %j and names every wrong parameter', async (query, paths) => {
    const { statusCode, json } = await follow(query as Query);

    expect(statusCode).toBe(400);
    expect(json.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual(
      paths.toSorted(),
    );
    expect(JSON.stringify(json)).not.toContain('canary');
  });

  it('needs the scope to read, and a database', async () => {
    const without = load({ ledger: undefined });

    expect((await follow({}, 'upload:sign')).statusCode).toBe(403);
    expect((await without('GET', '/uploads/events')).statusCode).toBe(501);
  });
});

describe('GET /uploads/events/{eventId}', () => {
  it.each([
    [300_000, false],
    [4_000_000, true],
  ])(
    'shows one message of %i characters, thin only if the platform would not pass it on',
    async (size, isThin) => {
      const payload = { EventType: 'FileDeleted', text: 'x'.repeat(size) };
      await ledger.recordEvent(
        eventOf([], { eventId: 'evt_large', eventType: 'vod.FileDeleted', payload }),
      );

      const { message } = (await ask('GET', '/uploads/events/evt_large', { scope: ADMIN })).json;

      expect('dataOmitted' in message).toBe(isThin);
      expect(message.data.text?.length).toBe(isThin ? undefined : size);
    },
  );

  it('has the message about one event, for those who may see it', async () => {
    await issue('a');
    await recordVod('evt_vod-1');
    const eventId = `evt_${id('a')}_issued`;

    expect(await ask('GET', `/uploads/events/${eventId}`)).toMatchObject({
      ...{ statusCode: 200, json: { eventId, message: { type: 'upload.issued' } } },
    });
    expect((await ask('GET', `/uploads/events/${eventId}`, { owner: 'bob' })).statusCode).toBe(404);
    expect(await ask('GET', '/uploads/events/evt_vod-1', { scope: ADMIN })).toMatchObject({
      json: { message: { type: 'vod.FileDeleted', data: { SubAppId: 7, confirmed: false } } },
    });
    expect((await ask('GET', '/uploads/events/evt_vod-1')).statusCode).toBe(404);
  });

  it.each(['evt_none', 'a.b', `${'x'.repeat(200)}`])('answers 404 to %s', async (name) => {
    expect((await ask('GET', `/uploads/events/${name}`, { scope: ADMIN })).statusCode).toBe(404);
  });
});
