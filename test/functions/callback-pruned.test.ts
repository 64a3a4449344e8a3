import { describe, expect, it } from 'vitest';
import { pruneAll } from '../support/prune-all.ts';
import { encodeContext } from '../support/source-contexts.ts';
import { useLedger } from '../support/use-ledger.ts';
import { ARRIVAL, MEDIA, messagesOf, UPLOAD_ID, useCallback } from './callback-stage.ts';

const DAY = 86_400_000;
const FILE = MEDIA.FileId;

const database = useLedger();
const { ledger, sql } = database;
const { vod, consumer, load: loadCallback } = useCallback(MEDIA);

const load = () => loadCallback({ DATABASE_URL: database.url });
const toldOf = () => messagesOf(consumer).map(({ type }) => type);
const DELETION = { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: [FILE] } };

/** Lets everything in the ledger be a hundred days older, and prunes what is older than 50. */
async function pruneHistory() {
  await sql`update events set received_at = received_at - interval '100 days'`;
  await sql`update deliveries set updated_at = updated_at - interval '100 days'`;
  await sql`update uploads set created_at = created_at - interval '100 days', updated_at = updated_at - interval '100 days',
    arrived_at = arrived_at - interval '100 days', expires_at = expires_at - interval '100 days'`;
  await pruneAll(ledger, Date.now() - 50 * DAY);
}

async function bring() {
  const expiresAt = Date.now() + 3_600_000;
  await ledger.issueUpload({
    ...{ uploadId: UPLOAD_ID, owner: 'user-42', method: 'client', fields: { expiresAt } },
  });
  const notify = await load();
  expect((await notify(ARRIVAL)).log).toMatchObject({ fresh: true });
  await expect.poll(toldOf).toHaveLength(2);
  // The announcement that it was issued was recorded without a target.
  await sql`update events set fanned_out = true`;
  return notify;
}

describe('a notification about an upload whose record was pruned', () => {
  it('is known if it is the one of its arrival, and creates no upload', async () => {
    const notify = await bring();
    await pruneHistory();
    expect(await ledger.findUpload(UPLOAD_ID)).toBeUndefined();
    expect(await ledger.findPrunedUpload(UPLOAD_ID)).toMatchObject({ fileId: FILE });

    const { statusCode, log } = await notify(ARRIVAL);

    expect([statusCode, log.fresh]).toEqual([200, false]);
    expect((await ledger.listUploads({ limit: 10 })).items).toEqual([]);
    expect(toldOf()).toHaveLength(2);
  });

  it('is delivered once if it is a new fact, without an upload', async () => {
    const notify = await bring();
    await pruneHistory();
    vod.media.delete(FILE);

    expect((await notify(DELETION)).log).toMatchObject({ fresh: true, delivered: 1 });
    expect((await notify(DELETION)).log).toMatchObject({ fresh: false, delivered: 0 });

    expect(toldOf().slice(2)).toEqual(['vod.FileDeleted']);
    expect((await ledger.listUploads({ limit: 10 })).items).toEqual([]);
    expect(await ledger.findPrunedUpload(UPLOAD_ID)).toMatchObject({ fileId: FILE });
  });

  it('is dropped if the file was gone before', async () => {
    const notify = await bring();
    vod.media.delete(FILE);
    await notify(DELETION);
    await expect.poll(toldOf).toHaveLength(4);
    await pruneHistory();
    expect(await ledger.findPrunedUpload(UPLOAD_ID)).toBeDefined();

    expect((await notify(DELETION)).log).toMatchObject({ fresh: false, delivered: 0 });
    const { MediaBasicInfo } = { MediaBasicInfo: MEDIA.BasicInfo };
    const arrival = { ...ARRIVAL, FileUploadEvent: { FileId: FILE, MediaBasicInfo } };
    await notify(arrival);
    await notify(DELETION);

    expect(toldOf()).toHaveLength(4);
    expect((await ledger.listUploads({ limit: 10 })).items).toEqual([]);
  });

  it('is known if only the event was pruned, and the upload stays as it is', async () => {
    const notify = await bring();
    await sql`update events set received_at = received_at - interval '100 days'`;
    await sql`update deliveries set updated_at = updated_at - interval '100 days'`;
    await pruneAll(ledger, Date.now() - 50 * DAY);
    const [upload] = (await ledger.listUploads({ limit: 10 })).items;
    expect(await (await ledger.timeline()).listEvents(UPLOAD_ID)).toEqual([]);

    expect((await notify(ARRIVAL)).log).toMatchObject({ fresh: false });
    expect((await ledger.listUploads({ limit: 10 })).items).toEqual([upload]);
    expect(toldOf()).toHaveLength(2);
  });
});

it('a file that comes late for a pruned upload is delivered raw and deleted', async () => {
  const uploadId = UPLOAD_ID;
  await ledger.issueUpload({ uploadId, owner: 'user-42', method: 'client' });
  await ledger.transition(uploadId, 'cancelled');
  await sql`update events set fanned_out = true`;
  await pruneHistory();
  expect(await ledger.findPrunedUpload(uploadId)).toBeDefined();
  const notify = await load();
  const context = encodeContext({ uploadId, owner: 'user-42', method: 'client' }, 'mine');
  expect(MEDIA.BasicInfo.SourceInfo.SourceContext).toBe(context);

  expect((await notify(ARRIVAL)).log).toMatchObject({ fresh: true, delivered: 1 });

  expect(toldOf()).toEqual(['vod.NewFileUpload']);
  expect((await ledger.listUploads({ limit: 10 })).items).toEqual([]);
  expect(await ledger.claimActions(10, 60)).toMatchObject([{ fileId: FILE, kind: 'delete' }]);
});
