import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { ingestBatch } from '../../../lib/ingest/durable.ts';
import {
  type DeletionEvent,
  dropUnknownDeletions,
  selectDeletions,
} from '../../../lib/ingest/select-deletions.ts';
import { type Connection, createConnection } from '../../../lib/ledger/connection/connection.ts';
import { createAbsentFileLedger } from '../../../lib/ledger/uploads/absent-files.ts';
import { createUploadLedger } from '../../../lib/ledger/uploads/uploads.ts';
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

it('a deletion of files that uploads have is kept unchanged', async () => {
  const event = deletionOf('1', '2');
  expect(await dropUnknownDeletions(event, NOWHERE, ledger)).toBe(event);
});

it('unknown files are removed from a deletion', async () => {
  const known = await dropUnknownDeletions(deletionOf('1', '999'), NOWHERE, ledger);
  expect(known && writeVodEvent(known)).toEqual(writeVodEvent(deletionOf('1')));
});

it.each([
  ['a string', 'x'],
  ['a list of anything', [null, 1, [], { FileId: 1 }, { FileId: '999' }]],
])(
  'unknown files are removed if the list of results is %s',
  async (_what, FileDeleteResultInfo) => {
    const event = readDeletion({ FileIdSet: ['1', '999', '1'], FileDeleteResultInfo });
    const known = await dropUnknownDeletions(event, NOWHERE, ledger);
    expect(known).toMatchObject({ task: { FileIdSet: ['1'] } });
  },
);

it('the ledger is asked about at most 10,000 files per statement', async () => {
  const told = Array.from({ length: 25_000 }, (_, place) => `made-up-${place}`);
  const statements: number[] = [];
  const connection = createConnection({ databaseUrl: database.url });
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
  const times = { clock: Date, random: { key: randomUUID } };
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

it('a deletion of unknown files is dropped', async () => {
  expect(await dropUnknownDeletions(deletionOf('998', '999'), NOWHERE, ledger)).toBeUndefined();
});

it("files from before applications were named belong to the service's own application", async () => {
  const event = deletionOf('1', '2');
  expect(await dropUnknownDeletions(event, { subAppId: 1, own: 1 }, ledger)).toBe(event);
  expect(await dropUnknownDeletions(event, { subAppId: 2, own: 1 }, ledger)).toBeUndefined();
});

it('deletions are noted for files without an upload that arrived, and for no others', async () => {
  const deletedOf = async (fileId: string) => {
    const { isDeleted } = await ledger.noteAbsentArrival({ fileId, source: {} }, undefined);
    return isDeleted;
  };
  await ledger.noteAbsentArrival({ fileId: '998', source: {} }, undefined);

  const event = deletionOf('1', '998', '999', 'no id\u0000');
  const known = await dropUnknownDeletions(event, NOWHERE, ledger);

  expect(known).toMatchObject({ task: { FileIdSet: ['1', '998'] } });
  const told = ['1', '998', '999', '997', 'no id\u0000'];
  expect(await Promise.all(told.map(deletedOf))).toEqual([false, true, true, false, false]);
});

describe('selectDeletions()', () => {
  const RECEIVED_AT = 5;
  const name = (count: number) => Array.from({ length: count }, (_, place) => `f${place}`);
  const filesOf = ({ event }: Awaited<ReturnType<typeof selectDeletions>>) => event?.task.FileIdSet;

  it.each<[number, string[], object]>([
    [100, [], {}],
    [100, ['f0', 'f99'], {}],
    [
      100,
      ['f100', 'f101'],
      { level: 'warn', surplusFiles: 2, reason: expect.stringContaining('no database') },
    ],
  ])('has VOD asked about %i files and %j without a ledger', async (count, more, fields) => {
    const event = deletionOf(...name(count), ...more);

    const selected = await selectDeletions(event, NOWHERE, {
      ...{ ledger: undefined, receivedAt: RECEIVED_AT },
    });

    expect(new Set(filesOf(selected))).toEqual(new Set(name(count)));
    expect(selected.event === event).toBe(!('surplusFiles' in fields));
    expect(selected.fields).toEqual(fields);
  });

  it.each([
    [100, 0],
    [101, 1],
  ])('records what exceeds 100 files for the sweep: of %i, %i', async (count, surplus) => {
    await Promise.all(
      name(count).map((fileId) => ledger.noteAbsentArrival({ fileId, source: {} }, undefined)),
    );

    const selected = await selectDeletions(deletionOf(...name(count), '999'), NOWHERE, {
      ...{ ledger: (work) => work(ledger), receivedAt: RECEIVED_AT },
    });

    expect(filesOf(selected)).toEqual(name(100));
    expect(selected.fields).toEqual(surplus === 0 ? {} : { surplusFiles: surplus });
    const kept = await ledger.claimConfirmations(9, 60);
    expect(kept).toHaveLength(surplus);
    for (const each of kept) {
      expect(each).toMatchObject({
        raw: writeVodEvent(deletionOf('f100')),
        receivedAt: RECEIVED_AT,
      });
    }
  });

  it('reports that a deletion of unknown files had no effect', async () => {
    const selected = await selectDeletions(deletionOf('999'), NOWHERE, {
      ...{ ledger: (work) => work(ledger), receivedAt: RECEIVED_AT },
    });

    const fields = { eventType: 'FileDeleted', fileIds: ['999'], fresh: false, delivered: 0 };
    expect(selected).toEqual({
      ...{ event: undefined, fields: { ...fields, eventId: expect.any(String) } },
    });
  });
});
