import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dropUnknownDeletions } from '../../../lib/events/known-deletion.ts';
import { takeEvents } from '../../../lib/events/take-events.ts';
import { type Ledger, openLedger } from '../../../lib/ledger/ledger.ts';
import { parseVodEvent, type VodEvent, writeVodEvent } from '../../../lib/vod/event.ts';
import { startTestPostgres, type TestPostgres } from '../../support/postgres.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { NOWHERE } from '../../support/source-contexts.ts';

/** Where no application is configured. */

let postgres: TestPostgres;
let ledger: Ledger;

beforeAll(async () => {
  postgres = await startTestPostgres();
  ledger = openLedger(await postgres.createDatabase(), { now: Date.now, randomKey: randomUUID });
  const arrivals = ['1', '2'].map((FileId) => ({
    EventType: 'NewFileUpload',
    FileUploadEvent: { FileId },
  }));
  const reception = {
    ...NOWHERE,
    receivedAt: Date.now(),
    confirmed: true,
    settings: NO_SETTINGS,
  };
  await takeEvents(arrivals.map(parseVodEvent), ledger, reception);
});
afterAll(async () => {
  await ledger.close();
  await postgres.close();
});

const deletionOf = (...FileIdSet: string[]): VodEvent =>
  parseVodEvent({
    EventType: 'FileDeleted',
    FileDeleteEvent: {
      FileIdSet,
      FileDeleteResultInfo: FileIdSet.map((FileId) => ({ FileId, DeleteParts: [] })),
    },
  });

it('leaves the deletion of files that uploads have as it is', async () => {
  const event = deletionOf('1', '2');
  expect(await dropUnknownDeletions(event, NOWHERE, ledger)).toBe(event);
});

it('takes made-up files out of a deletion', async () => {
  const known = await dropUnknownDeletions(deletionOf('1', '999'), NOWHERE, ledger);
  expect(known && writeVodEvent(known)).toEqual(writeVodEvent(deletionOf('1')));
});

it('drops the deletion of files that nobody has heard of', async () => {
  expect(await dropUnknownDeletions(deletionOf('998', '999'), NOWHERE, ledger)).toBeUndefined();
});

it('takes files of before applications were named for those of the own one alone', async () => {
  const event = deletionOf('1', '2');
  expect(await dropUnknownDeletions(event, { subAppId: 1, own: 1 }, ledger)).toBe(event);
  expect(await dropUnknownDeletions(event, { subAppId: 2, own: 1 }, ledger)).toBeUndefined();
});

it('leaves every other event as it is', async () => {
  const event = parseVodEvent({ EventType: 'NewFileUpload', FileUploadEvent: { FileId: '3' } });
  expect(await dropUnknownDeletions(event, NOWHERE, ledger)).toBe(event);
});
