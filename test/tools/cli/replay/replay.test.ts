import { describe, expect, it } from 'vitest';
import { perTest } from '../../../support/per-test.ts';
import { eventOf } from '../../../support/use-ledger.ts';
import { startConsumer, verifyMessage } from '../consumer-stage.ts';
import { id, useUploadsServer } from '../uploads-server.ts';

const stage = useUploadsServer(['orders', 'audit']);
const { ledger, sql, issue, run } = stage;
const consumer = perTest(startConsumer);

/** Gives up all deliveries that wait. */
async function giveUp() {
  for (const claim of await ledger.claimDeliveries(100, 60, 100)) {
    await ledger.failDelivery(claim, { error: 'http_500', dead: true });
  }
}
const countDead = async () =>
  (await (await ledger.deadDeliveries()).listDeadDeliveries({ limit: 100 })).items.length;

describe('vod-upload replay --forward-to', () => {
  it('sends the messages about events and about all of an upload, in any state', async () => {
    await issue('a');
    await ledger.transition(id('a'), 'cancelled');
    await ledger.recordEvent(
      eventOf([], {
        eventId: 'evt_vod',
        eventType: 'vod.PullComplete',
        payload: { EventType: 'PullComplete' },
      }),
    );
    const secret = (await run(['listen', '--print-secret'])).out.trim();

    const names = [id('a'), 'evt_vod', `evt_${id('a')}_issued`];
    const { exitCode, out } = await run(['replay', ...names, '--forward-to', consumer.url]);

    expect(exitCode).toBe(0);
    expect(out.match(/→ 204/g)).toHaveLength(4);
    const messages = consumer.received.map((received) => verifyMessage(received, secret));
    expect(messages.map(({ type }) => type)).toEqual([
      ...['upload.issued', 'upload.cancelled', 'vod.PullComplete', 'upload.issued'],
    ]);
    expect(messages[3]?.id).toBe(messages[0]?.id);
  });

  it('ends with 1 if one is not accepted, or there is none, and continues with the others', async () => {
    await issue('a');
    await issue('empty');
    await sql`delete from events where event_id = ${`evt_${id('empty')}_issued`}`;
    const forward = ['--forward-to', consumer.url];

    const some = await run(['replay', 'evt_none', id('empty'), id('a'), ...forward]);
    expect(some.exitCode).toBe(1);
    expect(some.error).toBe(
      `vod-upload replay: evt_none: uploads answered 404: There is no event with this id.\nvod-upload replay: ${id('empty')}: it has no messages.\n`,
    );
    expect(consumer.received).toHaveLength(1);
    expect(await run(['replay', id('empty'), ...forward])).toMatchObject({ exitCode: 1, out: '' });
    consumer.answer(503);
    expect(await run(['replay', id('a'), ...forward, '--json'])).toMatchObject({ exitCode: 1 });
  });
});

describe('vod-upload replay', () => {
  it('makes the deliveries of an upload or of an event due again', async () => {
    await issue('a');
    await issue('b');
    await giveUp();

    const one = await run(['replay', `evt_${id('a')}_issued`, '--json']);
    expect(one).toMatchObject({ exitCode: 0, out: '{"replayed":2}\n' });
    const other = await run(['replay', id('b')]);
    expect(other.out).toBe(
      '2 deliveries are due again: sweep sends the messages within a minute.\n',
    );
    expect(await countDead()).toBe(0);
    expect(await run(['replay', id('b')])).toMatchObject({
      ...{ exitCode: 1, out: 'No delivery was given up, so none is replayed.\n' },
    });
  });

  it('continues with the others if there is none of an id', async () => {
    await issue('a');
    await giveUp();

    const { exitCode, out, error } = await run(['replay', id('none'), id('a'), '--json']);

    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '{"replayed":2}\n' });
    expect(error).toMatch(`vod-upload replay: ${id('none')}: uploads answered 404: `);
  });

  it('replays what an endpoint did not accept, by state and time', async () => {
    await issue('a');
    await ledger.transition(id('a'), 'cancelled');
    await giveUp();
    const replayed = async (...args: string[]) =>
      JSON.parse((await run(['replay', ...args, '--json'])).out).replayed;

    expect(await replayed('--until', '1h')).toBe(0);
    expect(await replayed('--endpoint', 'orders', '--state', 'cancelled', '--since', '1h')).toBe(1);
    expect(await replayed('--endpoint', 'orders')).toBe(1);
    expect(await replayed('--since', '2020-01-01T00:00:00Z')).toBe(2);
  });

  it.each([
    [[], 'Say what is to be replayed'],
    [['x'], 'Each argument must be the id of an event'],
    [[id('a'), '--endpoint', 'orders'], '--endpoint must not be given together with ids.'],
    [['--forward-to', 'http://localhost/'], '--forward-to needs the ids'],
    [['--since', 'yesterday'], '--since '],
    [['--state', 'done'], '--state must be issued or uploaded'],
    [['evt_vod-without-upload'], 'An event of VOD is replayed by the id of its upload'],
  ])('refuses %j', async (args, text) => {
    const { exitCode, error } = await run(['replay', ...args]);

    expect(exitCode).toBe(2);
    expect(error).toContain(text);
  });

  it('needs the administrators’ scope', async () => {
    await issue('a');
    const { exitCode, error } = await run(['replay', id('a')], { scope: 'upload:read' });

    expect(exitCode).toBe(2);
    expect(error).toContain('uploads answered 403: ');
  });
});
