import { describe, expect, it } from 'vitest';
import { deriveFileUploadId } from '../../lib/model/upload-id.ts';
import { encodeContext } from '../support/source-contexts.ts';
import {
  ACME,
  type Captured,
  GLOBEX,
  notify,
  notifyOf,
  signFor,
  useApplicationsStage,
} from './applications-stage.ts';

const stage = useApplicationsStage();

/** An upload in ACME, by an attacker who can also sign notifications of ACME's application. */
const THIEF = {
  uploadId: '01ARYZ6S410000000000000000',
  owner: 'thief',
  method: 'client',
} as const;

/** Sends an arrival of `fileId` as the file of the attacker's upload, or with another context. */
function claimFile(
  fileId: string,
  SourceContext = encodeContext(THIEF, undefined, { subAppId: ACME }),
): Promise<number> {
  const MediaBasicInfo = { SourceInfo: { SourceType: 'Upload', SourceContext } };
  const arrival = {
    EventType: 'NewFileUpload',
    FileUploadEvent: { FileId: fileId, MediaBasicInfo },
  };
  return notify(stage.kept, { ...arrival, ...signFor(ACME) }, String(ACME));
}

/** Sweeps as long as VOD may take until it shows a file. */
async function sweepForAWhile(): Promise<void> {
  for (let times = 0; times < 4; times += 1) {
    stage.sweeper.passSeconds(301);
    await stage.sweep();
  }
}

async function recordVictim(): Promise<Captured> {
  const [, , arrived] = await stage.captureLife(GLOBEX);
  if (arrived === undefined) throw new Error('Nothing was captured.');
  await notifyOf(stage.kept, arrived);
  return arrived;
}

it('callback does not give an upload a file that another application has, whatever its context proves', async () => {
  const { sweeper } = stage;
  const { fileId } = await recordVictim();
  const fields = { subAppId: ACME, expiresAt: Date.now() + 3_600_000 };
  await sweeper.ledger.issueUpload({ ...THIEF, fields });
  const before = await sweeper.ledger.findUpload(deriveFileUploadId(fileId, GLOBEX));

  await claimFile(fileId);
  await sweepForAWhile();

  expect(before).toMatchObject({ subAppId: GLOBEX, fileId });
  expect(await sweeper.ledger.findUpload(deriveFileUploadId(fileId, GLOBEX))).toMatchObject({
    ...{ subAppId: GLOBEX, fileId },
  });
  expect(await sweeper.ledger.findUpload(THIEF.uploadId)).toMatchObject({ state: 'issued' });
});

describe('a file that another application first reports as arrived and deleted', () => {
  it.each([
    ['reported for an upload', {}, undefined],
    ['reported for an upload that has a file', { fileId: '5285890700000000042' }, undefined],
    ['reported for the console', {}, ''],
  ])('belongs to the application in which VOD has it: %s', async (_how, more, context) => {
    const { ledger } = stage.sweeper;
    const [pulled, , arrived] = await stage.captureLife(GLOBEX);
    const { fileId } = pulled;
    const fields = { subAppId: ACME, expiresAt: Date.now() + 3_600_000, ...more };
    await ledger.issueUpload({ ...THIEF, fields });
    const FileDeleteEvent = { FileIdSet: [fileId], FileDeleteResultInfo: [] };
    const deletion = { EventType: 'FileDeleted', FileDeleteEvent, ...signFor(ACME) };
    await notify(stage.kept, deletion, String(ACME));
    await claimFile(fileId, context);

    expect(await notifyOf(stage.kept, arrived ?? pulled)).toBe(200);

    expect(await ledger.findUpload(deriveFileUploadId(fileId, GLOBEX))).toMatchObject({
      ...{ subAppId: GLOBEX, fileId, state: expect.not.stringMatching('deleted') },
    });
    expect(await ledger.findFiles([fileId], ACME)).toEqual([]);
    expect(await stage.readAll()).toMatchObject({ actions: [] });
  });
});

it('callback schedules no removal of a file that another application has', async () => {
  const { sweeper } = stage;
  const { fileId } = await recordVictim();
  const fields = { subAppId: ACME, fileId: '5285890700000000042' };
  await sweeper.ledger.issueUpload({ ...THIEF, fields });

  await claimFile(fileId);
  await sweepForAWhile();

  expect(await stage.readAll()).toMatchObject({ actions: [] });
});
