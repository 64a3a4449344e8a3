import { randomUUID } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { ingestBatch } from '../../../lib/ingest/durable.ts';
import { type DeletionEvent, dropUnknownDeletions } from '../../../lib/ingest/select-deletions.ts';
import { createAbsentFileLedger } from '../../../lib/ledger/absent-files.ts';
import { type Connection, createConnection } from '../../../lib/ledger/connection.ts';
import { createUploadLedger } from '../../../lib/ledger/uploads.ts';
import { parseVodEvent, writeVodEvent } from '../../../lib/vod/event.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { NOWHERE } from '../../support/source-contexts.ts';
import { useLedger } from '../../support/use-ledger.ts';

const database = useLedger();
const { ledger } = database;

beforeEach(async () => {
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
  await ingestBatch(arrivals.map(parseVodEvent), ledger, reception);
});

function readDeletion(FileDeleteEvent: object): DeletionEvent {
  const event = parseVodEvent({ EventType: 'FileDeleted', FileDeleteEvent });
  if (event.eventType !== 'FileDeleted') throw new Error('This is no deletion.');
  return event;
}

const deletionOf = (...FileIdSet: string[]) =>
  readDeletion({
    FileIdSet,
    FileDeleteResultInfo: FileIdSet.map((FileId) => ({ FileId, DeleteParts: [] })),
  });

it('leaves the deletion of files that uploads have as it is', async () => {
  const event = deletionOf('1', '2');
  expect(await dropUnknownDeletions(event, NOWHERE, ledger)).toBe(event);
});

it('takes made-up files out of a deletion', async () => {
  const known = await dropUnknownDeletions(deletionOf('1', '999'), NOWHERE, ledger);
  expect(known && writeVodEvent(known)).toEqual(writeVodEvent(deletionOf('1')));
});

it.each([
  ['a text', 'x'],
  ['a list of anything', [null, 1, [], { FileId: 1 }, { FileId: '999' }]],
])('takes them out where what became of them is %s', async (_what, FileDeleteResultInfo) => {
  const event = readDeletion({ FileIdSet: ['1', '999', '1'], FileDeleteResultInfo });
  const known = await dropUnknownDeletions(event, NOWHERE, ledger);
  expect(known).toMatchObject({ task: { FileIdSet: ['1'] } });
});

it('asks the ledger about a few thousand of any number of files at once', async () => {
  const told = Array.from({ length: 25_000 }, (_, place) => `made-up-${place}`);
  const statements: number[] = [];
  const connection = createConnection({ databaseUrl: database.url, now: Date.now });
  const counting: Connection = {
    ...connection,
    run: (work) =>
      connection.run((sql) =>
        work({
          unsafe: (query, parameters, options) => {
            statements.push(...(parameters ?? []).map((each) => String(each).split(',').length));
            return sql.unsafe(query, parameters, options);
          },
        }),
      ),
  };
  const times = { now: Date.now, randomKey: randomUUID };
  const dependencies = { ...times, connection: counting, targets: undefined };
  const counted = {
    ...createUploadLedger(dependencies),
    ...createAbsentFileLedger(dependencies),
  };

  const known = await dropUnknownDeletions(deletionOf(...told, '2'), NOWHERE, counted);
  await connection.close();

  expect(known).toMatchObject({ task: { FileIdSet: ['2'] } });
  expect(Math.max(...statements)).toBe(10_000);
});

it('drops the deletion of files that nobody has heard of', async () => {
  expect(await dropUnknownDeletions(deletionOf('998', '999'), NOWHERE, ledger)).toBeUndefined();
});

it('takes files of before applications were named for those of the own one alone', async () => {
  const event = deletionOf('1', '2');
  expect(await dropUnknownDeletions(event, { subAppId: 1, own: 1 }, ledger)).toBe(event);
  expect(await dropUnknownDeletions(event, { subAppId: 2, own: 1 }, ledger)).toBeUndefined();
});
