import { describe, expect, it } from 'vitest';
import type { EventRecord } from '../../../../lib/ledger/recording/event-record.ts';
import type { UploadChange } from '../../../../lib/ledger/uploads/upload-row.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const A = { id: 'https://a.example', events: ['vod.*'] };
const B = { id: 'https://b.example', events: ['vod.New*', 'vod.NewFileUpload', 'upload.uploaded'] };
const C = { id: 'https://c.example', events: ['vod.PullComplete', 'upload.r*'] };
const { ledger, sql, open } = useLedger({ targets: [A, B, C] });

const event = (
  eventId: string,
  changes: readonly UploadChange[],
  more: Partial<EventRecord> = {},
) => eventOf(changes, { eventId, payload: { name: eventId }, ...more });

const arrived = (uploadId: string, fileId: string): UploadChange => ({
  key: { uploadId },
  fact: 'uploadedForProcessing',
  method: 'client',
  owner: 'ann',
  fields: { fileId, name: 'a.mp4', size: 5_000_000_000, duration: 1.5, limits: { maxBytes: 1 } },
});

async function count(table: string): Promise<number> {
  const [row] = await sql`select count(*)::integer as count from ${sql(table)}`;
  return Number(row?.['count']);
}

describe('recordEvent()', () => {
  it('records an event, its upload and its deliveries', async () => {
    const recorded = await ledger.recordEvent(event('e1', [arrived('u1', 'f1')]));

    expect(recorded).toMatchObject({
      fresh: true,
      announced: ['evt_u1_uploaded'],
      deliveries: 3,
    });
    expect(recorded.uploads).toEqual([
      {
        uploadId: 'u1',
        method: 'client',
        state: 'uploaded',
        owner: 'ann',
        fileId: 'f1',
        name: 'a.mp4',
        size: 5_000_000_000,
        duration: 1.5,
        limits: { maxBytes: 1 },
        createdAt: expect.any(Number),
        updatedAt: expect.any(Number),
      },
    ]);
    expect(await ledger.findUpload('u1')).toEqual(recorded.uploads[0]);
    expect(await count('deliveries')).toBe(3);
  });

  it('changes nothing for a known id, and returns the current upload', async () => {
    await ledger.recordEvent(event('e1', [arrived('u1', 'f1')]));
    const again = await ledger.recordEvent(
      event('e1', [{ key: { uploadId: 'u1' }, fact: 'deleted', fields: { name: 'other' } }]),
    );

    expect(again).toMatchObject({ fresh: false, announced: [], deliveries: 0 });
    expect(again.uploads).toMatchObject([{ uploadId: 'u1', state: 'uploaded', name: 'a.mp4' }]);
    expect(await count('deliveries')).toBe(3);
  });

  it('records an event once for fifty concurrent connections', async () => {
    const recorders = Array.from({ length: 50 }, () => open());
    const same = event('e1', [arrived('u1', 'f1')]);

    const results = await Promise.all(recorders.map((each) => each.recordEvent(same)));

    expect(results.filter(({ fresh }) => fresh)).toHaveLength(1);
    expect(await count('events')).toBe(2);
    expect(await count('uploads')).toBe(1);
    expect(await count('deliveries')).toBe(3);
  });

  it('records nothing if a step fails', async () => {
    await sql`alter table deliveries add constraint broken check (endpoint <> 'https://b.example')`;

    const bad = event('e1', [arrived('u1', 'f1')]);
    await expect(ledger.recordEvent(bad)).rejects.toMatchObject({
      cause: { constraint_name: 'broken' },
    });
    expect([await count('events'), await count('uploads')]).toEqual([0, 0]);

    await sql`alter table deliveries drop constraint broken`;
    expect(await ledger.recordEvent(bad)).toMatchObject({ fresh: true, deliveries: 3 });
  });

  it('identifies media without an envelope by their file', async () => {
    const live = { key: { fileId: 'f1' }, fact: 'uploaded', method: 'live' } as const;
    const [first] = (await ledger.recordEvent(event('e1', [live]))).uploads;
    const [second] = (
      await ledger.recordEvent(
        event('e2', [{ key: { fileId: 'f1' }, fact: 'deleted', fields: { name: 'x' } }]),
      )
    ).uploads;

    expect(first).toMatchObject({ fileId: 'f1', method: 'live', state: 'ready' });
    expect(first).not.toHaveProperty('owner');
    expect(second).toMatchObject({
      uploadId: first?.uploadId,
      method: 'live',
      state: 'deleted',
      name: 'x',
    });
  });

  it('finds the upload of a file by an earlier envelope', async () => {
    await ledger.recordEvent(event('e1', [arrived('u1', 'f1')]));
    const { uploads } = await ledger.recordEvent(
      event('e2', [{ key: { fileId: 'f1' }, fact: 'processingSucceeded' }]),
    );
    expect(uploads).toMatchObject([{ uploadId: 'u1', state: 'ready', owner: 'ann' }]);
  });

  it.each([false, true])(
    'merges a file that was known before its upload (issued: %s)',
    async (issued) => {
      if (issued) await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
      await ledger.recordEvent(
        event('e2', [
          {
            key: { fileId: 'f1' },
            fact: 'processingSucceeded',
            fields: { mediaUrl: 'http://m.example' },
          },
        ]),
      );
      const { fresh, uploads } = await ledger.recordEvent(event('e1', [arrived('u1', 'f1')]));

      expect(fresh).toBe(true);
      expect(uploads).toMatchObject([
        {
          uploadId: 'u1',
          state: 'ready',
          owner: 'ann',
          fileId: 'f1',
          method: 'client',
          mediaUrl: 'http://m.example',
        },
      ]);
      expect(await count('uploads')).toBe(1);
    },
  );

  it('leaves a file with its upload if another upload claims it', async () => {
    await ledger.recordEvent(event('e1', [arrived('u1', 'f1')]));
    const { fresh } = await ledger.recordEvent(
      event('e2', [{ ...arrived('u2', 'f1'), owner: 'eve' }]),
    );

    expect(fresh).toBe(true);
    expect(await ledger.findUpload('u1')).toMatchObject({ owner: 'ann', fileId: 'f1' });
    expect(await ledger.findUpload('u2')).toBeUndefined();
  });

  it('never changes the owner of an upload', async () => {
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'bob' });
    await ledger.recordEvent(event('e1', [arrived('u1', 'f1')]));
    expect(await ledger.findUpload('u1')).toMatchObject({ owner: 'bob' });
  });

  it('applies all changes of one event', async () => {
    const files = ['f1', 'f2', 'f3'];
    const { uploads } = await ledger.recordEvent(
      event(
        'e1',
        files.map((fileId) => ({ key: { fileId }, fact: 'deleted' as const })),
      ),
    );
    expect(uploads.map(({ fileId, state }) => [fileId, state])).toEqual(
      files.map((fileId) => [fileId, 'deleted']),
    );
  });

  it('records an event without changes, and replaces characters that PostgreSQL refuses', async () => {
    const payload = { text: 'a\0b\ud800c', path: 'C:\\u0000' };
    expect(await ledger.recordEvent(event('e1', [], { payload }))).toEqual({
      fresh: true,
      claims: [],
      uploads: [],
      announced: [],
      deliveries: 2,
    });

    const [claimed] = await ledger.claimDeliveries(1, 60, 1);
    expect(claimed?.event).toMatchObject({
      kind: 'vod',
      payload: { text: 'a\ufffdb\ufffdc', path: 'C:\\u0000' },
    });
  });
});

describe('recordEvents()', () => {
  it('returns the same results in order as recording each event alone', async () => {
    await ledger.recordEvent(event('known', [arrived('u9', 'f9')]));
    const results = await ledger.recordEvents([
      event('e1', [arrived('u1', 'f1')]),
      event('known', [arrived('u9', 'f9')]),
      event('e2', [{ key: { fileId: 'f1' }, fact: 'processingSucceeded' }]),
      event('e1', [arrived('u1', 'f1')]),
      event('e3', [{ key: { uploadId: 'u1' }, fact: 'deleted' }]),
      event('e4', []),
    ]);

    expect(results.map(({ fresh }) => fresh)).toEqual([true, false, true, false, true, true]);
    expect(results.map(({ uploads }) => uploads[0]?.uploadId)).toEqual([
      ...['u1', 'u9', 'u1', 'u1', 'u1'],
      undefined,
    ]);
    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'deleted' });
    // Five VOD events to two targets, two arrivals to one, one ready upload to another.
    expect(await count('deliveries')).toBe(5 * 2 + 2 + 1);
  });

  it('records events one by one if two of them unexpectedly meet in one upload', async () => {
    await ledger.recordEvent(event('e1', [arrived('u1', 'f1')]));
    const results = await ledger.recordEvents([
      event('e2', [{ key: { uploadId: 'u1' }, fact: 'processingStarted' }]),
      event('e3', [{ key: { fileId: 'f1' }, fact: 'processingSucceeded' }]),
    ]);

    expect(results.map(({ fresh }) => fresh)).toEqual([true, true]);
    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'ready' });
  });

  it('records each event once in concurrent overlapping batches', async () => {
    const events = Array.from({ length: 300 }, (_, i) =>
      event(`e${i}`, [arrived(`u${i % 90}`, `f${i % 90}`)]),
    );
    const results = await Promise.all(
      [events, events.toReversed(), events.slice(100), events.slice(0, 200)].map((batch) =>
        open().recordEvents(batch),
      ),
    );

    expect(results.flat().filter(({ fresh }) => fresh)).toHaveLength(300);
    expect(await count('events')).toBe(300 + 90);
    expect(await count('uploads')).toBe(90);
  });
});
