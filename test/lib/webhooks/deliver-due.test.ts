import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../lib/ledger/ledger.ts';
import type { EventRecord } from '../../../lib/ledger/recording/event-record.ts';
import type { LogFields } from '../../../lib/runtime/invocation.ts';
import { clock } from '../../../lib/system.ts';
import { createTargets } from '../../../lib/webhooks/create-targets.ts';
import { deliverClaimed } from '../../../lib/webhooks/deliver-due.ts';
import { explainPause } from '../../../lib/webhooks/explain-pause.ts';
import type { Target } from '../../../lib/webhooks/target.ts';
import { writeV1Context } from '../../support/source-contexts.ts';
import { useLedger } from '../../support/use-ledger.ts';
import { type Consumer, createSecret, endpointOf, startConsumer } from './consumer.ts';

const UPLOAD_ID = '01JSWEEP000000000000000000';
const START = Date.UTC(2026, 0, 31, 8);

let consumer: Consumer;
let status: number;
let time: number;
let targets: readonly Target[];
let ledger: Ledger;
const database = useLedger({ clock: { now: () => time } });

beforeEach(async () => {
  status = 200;
  time = START;
  consumer = await startConsumer((response) => {
    response.statusCode = status;
    response.end();
  });
  targets = createTargets(
    { endpoints: [endpointOf(consumer.url, createSecret())], eventBus: undefined },
    {
      readCredentials: () => ({ secretId: '', secretKey: '', token: undefined }),
      clock: { ...clock, now: () => time },
    },
  );
  ledger = database.open({ targets });
});
afterEach(() => consumer.close());

/** Delivers all due messages. */
async function deliver(
  remaining = 60_000,
  more: { readonly noteRetry?: (at: number) => void } = {},
) {
  const claims = await ledger.claimDeliveries(10, 60, 10);
  return deliverClaimed(claims, {
    ...{
      ledger,
      targets,
      clock: { now: () => time },
      random: { fraction: () => 0.5 },
      report: () => undefined,
    },
    deadline: { left: () => remaining },
    ...more,
  });
}

const issue = () => ledger.issueUpload({ uploadId: UPLOAD_ID, owner: 'alice', method: 'client' });

const bodies = () => consumer.received.map(({ body }) => JSON.parse(body));

async function listDeliveries() {
  const events = await (await ledger.timeline()).listEvents(UPLOAD_ID);
  return events.flatMap(({ deliveries }) => deliveries);
}

describe('deliverClaimed()', () => {
  it('sends the state of an upload at the time of the event', async () => {
    await issue();
    time += 1_000;
    await ledger.transition(UPLOAD_ID, 'uploaded', { fileId: '5285485487985271000' });

    expect(await deliver()).toEqual({
      ...{ delivered: 2, retried: 0, dead: 0, paused: 0, unsent: 0, newlyPaused: [] },
    });

    expect(bodies()).toMatchObject([
      { type: 'upload.issued', data: { uploadId: UPLOAD_ID, state: 'issued' } },
      {
        type: 'upload.ready',
        timestamp: new Date(START + 1_000).toISOString(),
        data: { uploadId: UPLOAD_ID, state: 'ready', createdAt: new Date(START).toISOString() },
      },
    ]);
    expect(await deliver()).toMatchObject({ delivered: 0 });
  });

  it('sends an event of VOD without the envelope that an earlier version recorded with it', async () => {
    const upload = { uploadId: UPLOAD_ID, owner: 'alice', method: 'client' } as const;
    const SourceContext = writeV1Context(upload, 'mine');
    const arrival = (eventId: string): EventRecord => ({
      ...{ eventId, eventType: 'vod.NewFileUpload', confirmed: true, changes: [] },
      payload: {
        EventType: 'NewFileUpload',
        FileUploadEvent: { FileId: '1', MediaBasicInfo: { SourceInfo: { SourceContext } } },
      },
    });
    await ledger.recordEvent(arrival('evt_1'));
    await database.sql`update events set envelope_removed = default`;
    time += 1;
    await ledger.recordEvent(arrival('evt_2'));

    expect(await deliver()).toMatchObject({ delivered: 2 });

    const told = bodies().map(({ data }) => data.FileUploadEvent.MediaBasicInfo.SourceInfo);
    expect(told).toEqual([{ SourceContext: 'mine' }, { SourceContext }]);
  });

  it('sends the same message again later after a refusal', async () => {
    await issue();
    status = 500;
    expect(await deliver()).toMatchObject({ delivered: 0, retried: 1 });
    expect(await deliver()).toMatchObject({ retried: 0 });
    expect(await listDeliveries()).toMatchObject([
      { state: 'pending', attempts: 1, lastError: 'http_500' },
    ]);
    status = 204;
    time += 10_000;

    expect(await deliver()).toMatchObject({ delivered: 1 });

    const [first, second] = consumer.received;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body).toBe(first?.body);
  });

  it('waits longer after each attempt', async () => {
    await issue();
    status = 500;
    const waits: number[] = [];
    for (let tries = 0; tries < 4; tries += 1) {
      await deliver();
      const [delivery] = await listDeliveries();
      const next = delivery?.nextAttemptAt ?? 0;
      waits.push(next - time);
      time = next;
    }

    expect(waits).toEqual([3_000, 152_500, 1_050_000, 4_500_000]);
  });

  it('pauses an endpoint that has accepted nothing for three days', async () => {
    await issue();
    status = 500;
    await deliver();
    time += 3 * 86_400_000;

    expect(await deliver()).toMatchObject({
      ...{ paused: 1, newlyPaused: [{ endpoint: targets[0]?.id, error: 'http_500' }] },
    });

    time += 1_000;
    await ledger.transition(UPLOAD_ID, 'uploaded');
    expect(await deliver()).toMatchObject({ delivered: 0, retried: 0 });
    expect(await listDeliveries()).toMatchObject([{ state: 'dead' }, { state: 'pending' }]);
  });

  it('gives up one message that an endpoint refuses, and continues with others', async () => {
    await issue();
    status = 400;
    await deliver();
    time += 2 * 86_400_000;
    status = 200;
    await ledger.transition(UPLOAD_ID, 'uploaded');
    const claims = await ledger.claimDeliveries(10, 60, 10);
    const options = {
      ...{
        ledger,
        targets,
        clock: { now: () => time },
        random: { fraction: () => 0.5 },
        report: () => undefined,
      },
      deadline: { left: () => 60_000 },
    };
    const isFirst = ({ event }: (typeof claims)[number]) => event.eventType === 'upload.issued';
    await deliverClaimed(
      claims.filter((claim) => !isFirst(claim)),
      options,
    );
    status = 400;
    time += 86_400_000;

    expect(await deliver()).toMatchObject({ dead: 1, paused: 0 });
    expect(await listDeliveries()).toMatchObject([
      { state: 'dead', lastError: 'http_400' },
      { state: 'delivered' },
    ]);
  });

  it('pauses an endpoint that answers 410', async () => {
    await issue();
    await ledger.transition(UPLOAD_ID, 'uploaded');
    status = 410;

    // Both are sent before the first answer arrives.
    expect(await deliver()).toMatchObject({
      ...{ paused: 2, newlyPaused: [{ endpoint: targets[0]?.id, error: 'http_410' }] },
    });

    const waiting = { state: 'pending', lastError: 'http_410' };
    expect(await listDeliveries()).toMatchObject([waiting, waiting]);
    time += 3_600_000;
    expect(await deliver()).toMatchObject({ paused: 0 });
    expect(consumer.received).toHaveLength(2);
  });

  it('leaves no trace of a delivery for which there is no time', async () => {
    await issue();
    status = 500;
    await deliver();
    const before = await listDeliveries();
    time += 3_000;

    for (let times = 0; times < 20; times += 1) {
      expect(await deliver(2_999)).toMatchObject({ delivered: 0, unsent: 1 });
    }

    expect(consumer.received).toHaveLength(1);
    expect(await listDeliveries()).toEqual(before.map((each) => ({ ...each, updatedAt: time })));
    expect(await deliver()).toMatchObject({ retried: 1 });
    expect(await listDeliveries()).toMatchObject([{ attempts: 2 }]);
  });

  it('asks for another attempt of what there was no time for, not of what is paused', async () => {
    const noted: number[] = [];
    const noteRetry = (at: number) => noted.push(at);
    await issue();
    await deliver(2_999, { noteRetry });
    expect(noted).toEqual([time]);

    status = 410;
    for (let index = 0; index < 8; index += 1) {
      await ledger.issueUpload({ uploadId: `${UPLOAD_ID}${index}`, owner: 'a', method: 'client' });
    }
    const outcome = await deliver(60_000, { noteRetry });

    expect(outcome.unsent).toBeGreaterThan(0);
    expect(noted).toHaveLength(1);
  });

  it.each([
    ['built', { kind: 'vod', payload: {}, receivedAt: Number.NaN }, 'RangeError'],
    ['sent', {}, 'TypeError'],
  ] as const)(
    'tries a message that cannot be %s three times, and delivers others',
    async (_what, change, code) => {
      await issue();
      await ledger.transition(UPLOAD_ID, 'uploaded');
      const reports: LogFields[] = [];
      const target: Target = {
        ...{ id: targets[0]?.id ?? '', events: ['*'] },
        send: async ({ type }) => {
          if (type === 'upload.issued') throw new TypeError('canary');
          return { ok: true, gone: false };
        },
      };
      const counts: object[] = [];
      for (let tries = 0; tries < 3; tries += 1) {
        const claims = await ledger.claimDeliveries(10, 60, 10);
        const changed = claims.map((claim) =>
          claim.event.eventType === 'upload.issued'
            ? { ...claim, event: { ...claim.event, ...change } as typeof claim.event }
            : claim,
        );
        const { delivered, retried, dead } = await deliverClaimed(changed, {
          ...{
            ledger,
            targets: [target],
            clock: { now: () => time },
            random: { fraction: () => 0.5 },
          },
          ...{ report: (fields) => reports.push(fields), deadline: { left: () => 60_000 } },
        });
        counts.push({ delivered, retried, dead });
        // Not before a second has passed.
        time += 999;
        expect(await ledger.claimDeliveries(10, 60, 10)).toEqual([]);
        time += 1;
      }

      expect(counts).toEqual([
        { delivered: 1, retried: 1, dead: 0 },
        { delivered: 0, retried: 1, dead: 0 },
        { delivered: 0, retried: 0, dead: 1 },
      ]);
      expect(await listDeliveries()).toMatchObject([
        { state: 'dead', attempts: 3, lastError: code },
        { state: 'delivered' },
      ]);
      const [{ eventId } = { eventId: '' }] = await (await ledger.timeline()).listEvents(UPLOAD_ID);
      const item = { kind: 'delivery', id: `${eventId}/${target.id}` };
      expect(reports).toMatchObject(
        [1, 2, 3].map((attempts) => ({ item: { ...item, attempts }, code, error: code })),
      );
      expect(JSON.stringify(reports)).not.toContain('canary');
    },
  );

  it('throws if the result cannot be recorded, and delivers again later', async () => {
    await issue();
    const claims = await ledger.claimDeliveries(10, 60, 10);
    const broken = {
      finishDelivery: () => Promise.reject(new Error('No connection.')),
      failDelivery: ledger.failDelivery,
      releaseDeliveries: ledger.releaseDeliveries,
      countItemFailure: ledger.countItemFailure,
      pauseEndpoint: ledger.pauseEndpoint,
    };
    const delivered = deliverClaimed(claims, {
      ...{
        ledger: broken,
        targets,
        clock: { now: () => time },
        random: { fraction: () => 0.5 },
        report: () => undefined,
      },
      deadline: { left: () => 60_000 },
    });
    await expect(delivered).rejects.toThrow('No connection.');
    time += 61_000;

    expect(await deliver()).toMatchObject({ delivered: 1 });

    expect(new Set(consumer.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });
});

describe('explainPause()', () => {
  it.each([
    ['http_410', 'it answered 410'],
    ['timeout', 'it had accepted nothing for three days (timeout)'],
  ])('explains after %s that %s, and how to resume', (error, why) => {
    expect(explainPause({ endpoint: 'webhook_1', error })).toEqual({
      level: 'error',
      endpoint: 'webhook_1',
      reason: `The endpoint webhook_1 is paused: ${why}. Its messages wait, each for three days; once it works again, POST /uploads/endpoints/webhook_1/resume sends them.`,
    });
  });
});
