import { beforeEach, describe, expect, it } from 'vitest';
import type { NewMediaAction } from '../../../../lib/ledger/jobs/actions.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const START = Date.UTC(2026, 0, 1);
let time: number;
const { ledger, open } = useLedger({ clock: { now: () => time } });

beforeEach(() => {
  time = START;
});

const record = (eventId: string, ...actions: NewMediaAction[]) =>
  ledger.recordEvent(eventOf([], { eventId, fileId: 'f1', actions }));

describe('claimActions()', () => {
  it('returns the actions of an event once and never again', async () => {
    const tag = { fileId: 'f1', kind: 'modify', uploadId: 'u1', detail: { classId: 7 } };
    await record('e1', tag, { fileId: 'f1', kind: 'process' });
    await record('e1', { fileId: 'f2', kind: 'modify' });
    await record('e2', { ...tag, detail: { classId: 8 } });

    const claims = await ledger.claimActions(9, 60);
    expect(claims.toSorted((a, b) => a.kind.localeCompare(b.kind))).toMatchObject([
      { ...tag, attempt: 1, createdAt: START },
      { fileId: 'f1', kind: 'process', attempt: 1, createdAt: START },
    ]);
    for (const claim of claims) expect(await ledger.finishAction(claim)).toBe(true);
    await record('e3', tag);
    time += 86_400_000;
    expect(await ledger.claimActions(9, 60)).toEqual([]);
  });
});

describe('unconfirmed events', () => {
  const event = (eventId: string) => ({ eventId, raw: { EventType: 'x' }, receivedAt: START - 9 });

  it('are recorded once, and not after the event itself is recorded', async () => {
    await record('e1');
    expect(await ledger.storePendingConfirmation(event('e1'))).toBe(false);
    expect(await ledger.storePendingConfirmation(event('e2'))).toBe(true);
    expect(await ledger.storePendingConfirmation(event('e2'))).toBe(false);
    expect((await ledger.readBacklog()).unconfirmed).toEqual({ count: 1, oldestAt: START - 9 });
    expect(await ledger.claimConfirmations(9, 60)).toMatchObject([{ ...event('e2'), attempt: 1 }]);
  });

  it('are retried at their time by the current holder of the claim until they are dropped', async () => {
    await ledger.storePendingConfirmation(event('e1'));
    const [first] = await ledger.claimConfirmations(1, 60);
    expect(await ledger.claimConfirmations(1, 60)).toEqual([]);
    time += 60_000;
    const [second] = await ledger.claimConfirmations(1, 60);
    if (first === undefined || second === undefined) throw new Error('Both were claimed.');

    await ledger.finishConfirmation(first);
    await ledger.retryConfirmation(first, time);
    expect(await ledger.claimConfirmations(1, 60)).toEqual([]);
    await ledger.retryConfirmation(second, time + 1_000);
    time += 1_000;
    const [third] = await ledger.claimConfirmations(1, 60);
    expect(third).toMatchObject({ eventId: 'e1', attempt: 3 });
    if (third !== undefined) await ledger.finishConfirmation(third);
    expect((await ledger.readBacklog()).unconfirmed).toEqual({ count: 0 });
  });

  it('are recorded by one of many concurrent callers', async () => {
    const kept = await Promise.all(
      Array.from({ length: 10 }, () => ledger.storePendingConfirmation(event('e1'))),
    );
    expect(kept.filter(Boolean)).toHaveLength(1);
  });
});

describe('listEvents() and listActions()', () => {
  it('list the events and actions of an upload and its file, oldest first', async () => {
    const targets = [{ id: 'https://a.example', events: ['upload.*'] }];
    const told = open({ targets });
    await told.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
    time += 1_000;
    await told.recordEvent(
      eventOf([{ key: { uploadId: 'u1' }, fact: 'uploaded', fields: { fileId: 'f1' } }], {
        ...{ eventId: 'e1', uploadId: 'u1', fileId: 'f1' },
        ...{ confirmed: false, receivedAt: START + 500 },
      }),
    );
    time += 1_000;
    await record(
      'e2',
      { fileId: 'f1', kind: 'modify' },
      { fileId: 'f9', kind: 'delete', uploadId: 'u1' },
    );
    const [claim] = await told.claimDeliveries(1, 60, 1);
    if (claim !== undefined)
      await told.failDelivery(claim, { error: '503', nextAttemptAt: START + 9_000 });
    await told.close();

    const base = { endpoint: 'https://a.example', state: 'pending' };
    const listed = { eventType: 'vod.NewFileUpload', confirmed: true, deliveries: [] };
    const announced = (state: string, receivedAt: number, delivery: object) => ({
      ...{ eventId: `evt_u1_${state}`, eventType: `upload.${state}`, receivedAt, confirmed: true },
      deliveries: [{ ...base, ...delivery }],
    });
    expect(await (await ledger.timeline()).listEvents('u1')).toEqual([
      announced('issued', START, {
        ...{ attempts: 1, lastError: '503' },
        ...{ nextAttemptAt: START + 9_000, updatedAt: START + 2_000 },
      }),
      { ...listed, eventId: 'e1', receivedAt: START + 500, confirmed: false },
      announced('ready', START + 1_000, {
        ...{ attempts: 0, nextAttemptAt: START + 1_000, updatedAt: START + 1_000 },
      }),
      { ...listed, eventId: 'e2', receivedAt: START + 2_000 },
    ]);
    expect(await (await ledger.timeline()).listActions('u1')).toEqual([
      { fileId: 'f1', kind: 'modify', state: 'pending', attempts: 0, updatedAt: START + 2_000 },
      { fileId: 'f9', kind: 'delete', state: 'pending', attempts: 0, updatedAt: START + 2_000 },
    ]);
    expect([
      await (await ledger.timeline()).listEvents('none'),
      await (await ledger.timeline()).listActions('none'),
    ]).toEqual([[], []]);
  });
});
