import { describe, expect, it } from 'vitest';
import { ingestBatch } from '../../../lib/ingest/durable.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { encodeContext, NOWHERE } from '../../support/source-contexts.ts';
import { useLedger } from '../../support/use-ledger.ts';
import { deletion, procedure, upload } from './confirm-stage.ts';

const UPLOAD_ID = '01ARYZ6S410000000000000000';
const OTHER = upload('9', { MediaBasicInfo: { Name: 'other' } });

const database = useLedger({ targets: [{ id: 'https://consumer.example', events: ['*'] }] });
const { ledger, sql } = database;

/** The arrival of a file of an upload that began here, or of another program's. */
const arrival = (context: string, fields: object = {}) =>
  upload('1', {
    MediaBasicInfo: { Name: 'film', SourceInfo: { SourceContext: context } },
    ProcedureTaskId: 'proc-1',
    ...fields,
  });
const CONTEXT = encodeContext({ uploadId: UPLOAD_ID, owner: 'user-42', method: 'client' });

const STEP = procedure({ Status: 'PROCESSING' });
const END = procedure({});
const REVIEWED = {
  EventType: 'ReviewAudioVideoComplete',
  ReviewAudioVideoCompleteEvent: { TaskId: 'review-1', Status: 'FINISH', Input: { FileId: '1' } },
};

/** Records events in this order: one at a time, or with another in one statement. */
async function record(events: readonly RawEvent[], isBatch: boolean) {
  const reception = { ...NOWHERE, receivedAt: 0, confirmed: true, settings: NO_SETTINGS };
  for (const event of events) {
    const batch = isBatch ? [event, OTHER] : [event];
    const recorded = await ingestBatch(batch.map(parseVodEvent), ledger, {
      ...{ ...reception, leaseSeconds: 15 },
    });
    const named = recorded[0]?.recorded.announced ?? [];
    const claimed = recorded[0]?.recorded.claims.map(({ event: { eventId } }) => eventId) ?? [];
    expect(claimed.filter((eventId) => /_[a-z]+$/.test(eventId)).sort()).toEqual([...named].sort());
  }
}

/** Returns the announced states of the file's upload in order; each must have an upload that can be looked up. */
async function listAnnounced(): Promise<readonly string[]> {
  const rows = await sql`select e.event_type, e.upload_id, count(d.endpoint)::integer as sent
    from events e left join deliveries d using (event_id)
    where e.event_type like 'upload.%' and e.file_id = '1' group by e.event_id order by min(e.recorded_in), 1`;
  for (const row of rows) {
    expect(await ledger.findUpload(String(row['upload_id']))).toMatchObject({ fileId: '1' });
    expect(row['sent']).toBe(1);
  }
  return rows.map((row) => String(row['event_type']));
}

/** In PULL mode VOD's queue proves all events; in PUSH mode VOD confirms each. */
describe.each([
  ['one at a time', false],
  ['in batches', true],
])('a task that is reported before its file, %s', (_name, isBatch) => {
  it.each([
    ['ended', [END], ['upload.ready']],
    ['failed', [procedure({ ErrCode: 1 })], ['upload.failed']],
    ['began', [STEP], ['upload.processing']],
    ['began and ended', [STEP, END], ['upload.ready']],
    ['was a review', [REVIEWED], ['upload.uploaded']],
  ])(
    'announces no upload until the file arrived, and then its state once: it %s',
    async (_what, events, states) => {
      await record(events, isBatch);
      expect(await listAnnounced()).toEqual([]);

      await record([arrival(CONTEXT), arrival(CONTEXT), ...events], isBatch);

      expect(await listAnnounced()).toEqual(states);
      expect(await ledger.findUpload(UPLOAD_ID)).toMatchObject({ owner: 'user-42', fileId: '1' });
    },
  );

  it('announces the upload of a file of another program once', async () => {
    await record([STEP, END], isBatch);
    expect(await listAnnounced()).toEqual([]);

    await record([arrival('theirs'), END], isBatch);

    expect(await listAnnounced()).toEqual(['upload.ready']);
  });

  it('announces the end of an upload whose file arrived before', async () => {
    await record([arrival('theirs'), STEP, END, deletion(['1'])], isBatch);

    expect(await listAnnounced()).toEqual([
      ...['upload.uploaded', 'upload.processing', 'upload.ready', 'upload.deleted'],
    ]);
  });

  it('announces the end of an upload that began here', async () => {
    await record([arrival(CONTEXT), STEP, END], isBatch);

    expect(await listAnnounced()).toEqual([
      ...['upload.uploaded', 'upload.processing', 'upload.ready'],
    ]);
  });

  it.each([
    ['a task', [END, deletion(['1'])]],
    ['nothing', [deletion(['1'])]],
  ])(
    'announces no deletion of a file of which %s was reported before, and after its arrival both',
    async (_what, events) => {
      await record(events, isBatch);
      expect(await listAnnounced()).toEqual([]);

      await record([arrival(CONTEXT)], isBatch);

      // In one transaction.
      expect(await listAnnounced()).toEqual(['upload.deleted', 'upload.uploaded']);
    },
  );
});
