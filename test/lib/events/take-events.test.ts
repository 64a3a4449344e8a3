import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { takeEvents } from '../../../lib/events/take-events.ts';
import { type Ledger, openLedger } from '../../../lib/ledger/ledger.ts';
import { sealEnvelope } from '../../../lib/uploads/envelope.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { startTestPostgres, type TestPostgres } from '../../support/postgres.ts';
import { NO_SETTINGS } from '../../support/settings.ts';

const UPLOAD_ID = '01ARYZ6S410000000000000000';

let postgres: TestPostgres;
let ledger: Ledger;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
beforeEach(async () => {
  ledger = openLedger(await postgres.createDatabase(), { now: Date.now, randomKey: randomUUID });
});
afterEach(() => ledger.close());
afterAll(() => postgres.close());

function take(bodies: readonly RawEvent[]) {
  const reception = {
    subAppId: undefined,
    own: undefined,
    receivedAt: Date.now(),
    confirmed: true,
    settings: NO_SETTINGS,
  };
  return takeEvents(bodies.map(parseVodEvent), ledger, reception);
}

function arrival(fields: object = {}): RawEvent {
  const SourceContext = sealEnvelope({ uploadId: UPLOAD_ID, owner: 'bob', method: 'client' });
  const FileUploadEvent = {
    FileId: '1',
    MediaBasicInfo: { Name: 'a', SourceInfo: { SourceType: 'Upload', SourceContext } },
    ...fields,
  };
  return { EventType: 'NewFileUpload', FileUploadEvent };
}

const REVIEWED: RawEvent = {
  EventType: 'ReviewAudioVideoComplete',
  ReviewAudioVideoCompleteEvent: { TaskId: 'review-1', Status: 'FINISH', Input: { FileId: '1' } },
};

const PROCESSED: RawEvent = {
  EventType: 'ProcedureStateChanged',
  ProcedureStateChangeEvent: { TaskId: 'proc-1', Status: 'FINISH', FileId: '1' },
};

const DELETED: RawEvent = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: ['1', '2'] } };

const stateOf = async () => (await ledger.findUpload(UPLOAD_ID))?.state;

describe('takeEvents()', () => {
  it('answers, in order, what each came to', async () => {
    const taken = await take([arrival(), PROCESSED, arrival()]);

    expect(taken.map(({ received }) => received.event.eventType)).toEqual([
      'NewFileUpload',
      'ProcedureStateChanged',
      'NewFileUpload',
    ]);
    expect(taken.map(({ recorded }) => recorded.fresh)).toEqual([true, true, false]);
    expect(await stateOf()).toBe('ready');
  });

  it('ends an upload with the review that it waits for', async () => {
    await take([arrival({ ReviewAudioVideoTaskId: 'review-1' })]);
    expect(await stateOf()).toBe('uploaded');

    await take([REVIEWED]);

    expect(await stateOf()).toBe('ready');
  });

  it('does not end an upload with its review while a flow runs', async () => {
    const tasks = { ProcedureTaskId: 'proc-1', ReviewAudioVideoTaskId: 'review-1' };
    await take([arrival(tasks), REVIEWED]);
    expect(await stateOf()).toBe('uploaded');

    await take([PROCESSED]);

    expect(await stateOf()).toBe('ready');
  });

  it('ends an upload with a review that came before it, once that is told again', async () => {
    await take([REVIEWED]);
    await take([arrival({ ReviewAudioVideoTaskId: 'review-1' })]);
    expect(await stateOf()).toBe('uploaded');

    const [again] = await take([REVIEWED]);

    expect(again?.recorded.fresh).toBe(false);
    expect(await stateOf()).toBe('ready');
  });

  it('remembers a file that is gone before it is known to have come', async () => {
    await take([DELETED]);
    await take([arrival()]);

    expect(await stateOf()).toBe('deleted');
  });
});
