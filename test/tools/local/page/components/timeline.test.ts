import { describe, expect, test } from 'vitest';
import { describeLife } from '../../../../../tools/local/page/components/timeline.ts';
import { readEvents, readUpload } from '../../../../../tools/local/page/stack/ledger-answers.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 10, 0, second)).toISOString();
const event = (eventType: string, second: number, change: object = {}) => ({
  ...{ eventId: eventType, eventType, receivedAt: at(second), confirmed: true, deliveries: [] },
  ...change,
});

function entries(
  events: readonly object[],
  actions: readonly object[] = [],
  fields: object = { state: 'ready' },
) {
  const upload = readUpload({ uploadId: 'U1', ...fields });
  return describeLife({ upload, ...readEvents({ events, actions }) });
}

function noteOn(delivery: object): string | undefined {
  const deliveries = [{ endpoint: 'webhook_1', attempts: 0, ...delivery }];
  return entries([event('upload.ready', 1, { deliveries })])[0]?.notes[0]?.text;
}

describe('describeLife()', () => {
  test('shows what caused a state before it, and its consequences after it', () => {
    const removal = { fileId: 'F1', kind: 'delete', state: 'done', attempts: 1, updatedAt: at(2) };
    const told = entries(
      [event('upload.cancelled', 2), event('upload.issued', 1), event('vod.NewFileUpload', 2)],
      [removal],
    );

    expect(told.map(({ kind, title, tone }) => [kind, title, tone])).toEqual([
      ['state', 'issued', 'plain'],
      ['vod', 'vod.NewFileUpload', 'plain'],
      ['state', 'cancelled', 'warn'],
      ['action', 'File removed', 'plain'],
    ]);
  });

  test.each([
    [
      { code: 'pull_failed', detail: 'VOD could not read it.', vodErrCode: 60_000 },
      'pull_failed (60000): VOD could not read it.',
    ],
    [{ code: 'limits_exceeded', rule: 'maxBytes' }, 'limits_exceeded'],
  ])('shows below the state its problem %j', (problem, text) => {
    const upload = readUpload({ uploadId: 'U1', state: 'failed', problem });
    const events = [event('upload.issued', 1), event('upload.failed', 2)];

    expect(describeLife({ upload, ...readEvents({ events, actions: [] }) })).toMatchObject([
      { title: 'issued', notes: [] },
      { title: 'failed', tone: 'bad', notes: [{ text, tone: 'bad' }] },
    ]);
  });

  test('shows the state of a delivery', () => {
    expect(noteOn({ state: 'pending' })).toBe('Webhook waiting');
    expect(noteOn({ state: 'delivered', attempts: 1 })).toBe('Webhook delivered');
    expect(noteOn({ state: 'delivered', attempts: 3 })).toBe(
      'Webhook delivered, at the 3rd attempt',
    );
    expect(noteOn({ state: 'delivered', attempts: 12 })).toContain('12th');
    expect(noteOn({ state: 'dead', attempts: 9, lastError: 'http_500' })).toBe(
      'Webhook given up after 9 attempts: http_500',
    );
    const failed = { state: 'pending', attempts: 2, lastError: 'timeout', nextAttemptAt: at(9) };
    expect(noteOn(failed)).toMatch(/^Webhook failed twice \(timeout\), next at \d\d:\d\d:09$/);
  });

  test('names the endpoints if there are several', () => {
    const deliveries = ['a', 'b'].map((endpoint) => ({
      endpoint,
      state: 'delivered',
      attempts: 1,
    }));
    const [entry] = entries([event('upload.ready', 1, { deliveries })]);

    expect(entry?.notes.map(({ text }) => text)).toEqual([
      'a: Webhook delivered',
      'b: Webhook delivered',
    ]);
  });

  test('says that an event was not confirmed by VOD', () => {
    const [entry] = entries([event('vod.FileDeleted', 1, { confirmed: false })]);

    expect(entry?.notes).toEqual([{ text: 'VOD could not be asked about it', tone: 'warn' }]);
  });

  test('says why a file was rejected', () => {
    const problem = { code: 'media_unreadable', detail: 'VOD finds no duration in the file.' };
    const told = entries(
      [event('upload.uploaded', 1), event('upload.rejected', 2)],
      [{ fileId: 'F1', kind: 'inspect', state: 'done', attempts: 6, updatedAt: at(3) }],
      { state: 'rejected', problem },
    );

    expect(told.map(({ title, notes }) => [title, notes[0]])).toEqual([
      ['uploaded', undefined],
      ['rejected', { text: 'media_unreadable: VOD finds no duration in the file.', tone: 'bad' }],
      ['Limits checked', { text: 'F1', tone: 'plain' }],
    ]);
  });

  test('says what a file is waiting for before its limits can be checked', () => {
    const inspection = { fileId: 'F1', kind: 'inspect', state: 'pending', updatedAt: at(1) };
    const lastError = 'media_unreadable';
    const [entry] = entries([], [{ ...inspection, attempts: 1, lastError }], { state: 'uploaded' });

    expect(entry?.title).toBe('Limits to be checked');
    expect(entry?.notes.at(-1)).toEqual({
      text: 'VOD has not reported yet what the limits of this upload need; it has 10 minutes',
      tone: 'warn',
    });
  });

  test('says why a removal fails', () => {
    const removal = { fileId: 'F1', kind: 'delete', attempts: 2, updatedAt: at(1) };
    const lastError = 'RequestLimitExceeded';
    const notesOf = (state: string) => entries([], [{ ...removal, state, lastError }])[0]?.notes;

    expect(notesOf('pending')?.at(-1)?.text).toBe('Failed twice: RequestLimitExceeded');
    expect(notesOf('dead')?.at(-1)?.text).toBe('Given up after 2 attempts: RequestLimitExceeded');
  });
});
