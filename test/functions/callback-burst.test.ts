import { describe, expect, it } from 'vitest';
import { useLedger } from '../support/use-ledger.ts';
import { arrivalOf, isLast, useCallback } from './callback-stage.ts';

const ids = Array.from({ length: 40 }, (_, i) => `52858907000000${1_000 + i}`);
const media = ids.map((FileId) => ({ FileId, BasicInfo: { Name: FileId }, MetaData: {} }));

const database = useLedger();
const { vod, log, load } = useCallback(...media);

const countActions = (action: string) => vod.calls.filter((call) => call.action === action).length;

describe('POST /callback, forty at once', () => {
  it('confirms sixteen with few calls to VOD, and stores the others', async () => {
    const notify = await load({ DATABASE_URL: database.url });

    const answers = await Promise.all(ids.map((fileId) => notify(arrivalOf(fileId))));

    expect(answers.map(({ statusCode }) => statusCode)).toEqual(ids.map(() => 200));
    const outcomes = answers.map(({ log: { confirmation } }) => confirmation);
    expect(outcomes).toEqual(ids.map((_, i) => (i < 16 ? 'confirmed' : 'kept')));
    // The files that were stored may be confirmed already, by the first call that had time.
    expect(countActions('DescribeMediaInfos')).toBeLessThan(10);
  });

  it('confirms all of them while a stored one has waited for more than three minutes', async () => {
    const notify = await load({ DATABASE_URL: database.url });
    const raw = arrivalOf('5285890700000009998');
    const at = Date.now() - 200_000;
    const old = { eventId: 'evt_old', raw, receivedAt: at, dueAt: at };
    await database.ledger.storePendingConfirmation(old);

    const answers = await Promise.all(ids.map((fileId) => notify(arrivalOf(fileId))));

    const outcomes = answers.map(({ log: { confirmation } }) => confirmation);
    expect(outcomes).toEqual(ids.map(() => 'confirmed'));
  });

  it('drops a stored one that VOD denies, and names it in a line of the call that asked', async () => {
    const notify = await load({ DATABASE_URL: database.url });
    const sent = [...ids.slice(0, 16), '5285890700000009999'];

    await Promise.all(sent.map((fileId) => notify(arrivalOf(fileId))));
    await notify(arrivalOf(ids[16] ?? ''));

    expect(log.lines.filter((line) => !isLast(line))).toEqual([
      {
        ...{ level: 'warn', function: 'callback', requestId: expect.stringMatching(/^call-\d+$/) },
        ...{ eventId: expect.stringMatching(/^evt_/), eventType: 'NewFileUpload' },
        reason: 'VOD does not confirm a notification, so it was dropped as forged.',
      },
    ]);
  });

  it('confirms all of them without a ledger', async () => {
    const notify = await load();

    const answers = await Promise.all(ids.map((fileId) => notify(arrivalOf(fileId))));

    const outcomes = answers.map(({ log: { confirmation } }) => confirmation);
    expect(outcomes).toEqual(ids.map(() => 'confirmed'));
  });
});
