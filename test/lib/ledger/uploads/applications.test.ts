import { beforeEach, describe, expect, it } from 'vitest';
import type { NewMediaAction } from '../../../../lib/ledger/jobs/actions.ts';
import type { UploadChange } from '../../../../lib/ledger/uploads/upload-row.ts';
import { deriveFileUploadId } from '../../../../lib/model/upload-id.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const [OWN, ACME, GLOBEX] = [1_500_000_001, 1_500_000_002, 1_500_000_003];
const { ledger } = useLedger({ targets: [{ id: 'all', events: ['*'] }] });

/** Records a change that `subAppId` reports. */
function record(
  subAppId: number | undefined,
  { key, fact, ofTenant, fields = {} }: Pick<UploadChange, 'key' | 'fact' | 'fields' | 'ofTenant'>,
  ...actions: readonly NewMediaAction[]
) {
  const change = { key, fact, ofTenant, owner: 'ann', fields: { ...fields, subAppId } };
  return ledger.recordEvent(eventOf([change], { subAppId, actions }));
}

const arrival = (fileId: string) =>
  ({ key: { uploadId: 'u1' }, fact: 'uploaded', fields: { fileId } }) as const;
const fileFact = (fileId: string, fact: UploadChange['fact']) => ({ key: { fileId }, fact });

const readActions = async () =>
  (await ledger.claimActions(99, 0)).map(
    ({ fileId, kind, subAppId }) => `${kind} ${fileId} in ${subAppId}`,
  );

describe('an upload', () => {
  beforeEach(async () => {
    const fields = { subAppId: ACME };
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann', fields });
  });

  it('belongs to the application that it was issued for, and shows it', async () => {
    const recorded = await record(ACME, arrival('f1'));

    expect(recorded.uploads).toMatchObject([{ state: 'ready', fileId: 'f1', subAppId: ACME }]);
    const page = await ledger.listUploads({ limit: 9 });
    expect(page.items).toMatchObject([{ uploadId: 'u1', subAppId: ACME }]);
  });

  it('does not get a file of another application, which is removed there', async () => {
    const before = await ledger.findUpload('u1');

    const recorded = await record(GLOBEX, arrival('f9'));

    expect(recorded).toMatchObject({ fresh: true, announced: [] });
    expect(await ledger.findUpload('u1')).toEqual(before);
    expect(await readActions()).toEqual([`delete f9 in ${GLOBEX}`]);
  });

  it.each([
    ['a tenant', GLOBEX, undefined],
    ['the service before applications were named', undefined, true],
  ] as const)('does not get a file that belongs to %s', async (_whose, holder, ofTenant) => {
    await record(holder, fileFact('f9', 'processingStarted'));
    const before = await ledger.findUpload(deriveFileUploadId('f9'));

    await record(ACME, { ...arrival('f9'), ofTenant });

    expect(await ledger.findUpload(deriveFileUploadId('f9'))).toEqual(before);
    expect((await ledger.findUpload('u1'))?.fileId).toBeUndefined();
  });

  it('does not get a file of another application that was known before the upload', async () => {
    await record(GLOBEX, fileFact('f9', 'processingStarted'));

    await record(GLOBEX, arrival('f9'));

    expect((await ledger.findUpload('u1'))?.fileId).toBeUndefined();
    expect(await ledger.findUpload(deriveFileUploadId('f9'))).toMatchObject({ subAppId: GLOBEX });
  });

  it('does not get such a file in a batch in which another upload gets one', async () => {
    await ledger.issueUpload({
      ...{ uploadId: 'u2', method: 'client', owner: 'ann', fields: { subAppId: GLOBEX } },
    });
    await record(GLOBEX, fileFact('f2', 'processingStarted'));
    await record(GLOBEX, fileFact('f9', 'processingStarted'));
    const tell = (uploadId: string, fileId: string) => {
      const fields = { fileId, subAppId: GLOBEX };
      return eventOf([{ key: { uploadId }, fact: 'uploaded', fields }], { subAppId: GLOBEX });
    };

    await ledger.recordEvents([tell('u2', 'f2'), tell('u1', 'f9')]);

    expect(await ledger.findUpload('u2')).toMatchObject({ fileId: 'f2' });
    expect((await ledger.findUpload('u1'))?.fileId).toBeUndefined();
    expect(await ledger.findUpload(deriveFileUploadId('f9'))).toMatchObject({ fileId: 'f9' });
  });

  it('is not ended by another application that does not have its file', async () => {
    await record(ACME, arrival('f1'));

    await record(GLOBEX, fileFact('f1', 'deleted'));
    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'ready' });
    await record(ACME, fileFact('f1', 'deleted'));
    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'deleted' });
  });

  it('does not move to another application when it is issued again', async () => {
    const fields = { subAppId: GLOBEX };
    const saved = await ledger.issueUpload({
      ...{ uploadId: 'u1', method: 'client', owner: 'ann', fields },
    });

    expect(saved).toMatchObject({ subAppId: ACME });
  });

  it('is also found by a report without an application', async () => {
    await record(undefined, arrival('f1'));

    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'ready', subAppId: ACME });
  });

  it("without an application belongs to the service's own, and to no tenant's", async () => {
    await ledger.issueUpload({ uploadId: 'old', method: 'client', owner: 'ann' });
    const told = { key: { uploadId: 'old' }, fact: 'uploaded' } as const;
    const ofTenant = true;

    await record(GLOBEX, fileFact('f8', 'processingStarted'));
    await record(GLOBEX, { ...told, ofTenant, fields: { fileId: 'f8' } });
    await record(GLOBEX, { ...told, ofTenant, fields: { fileId: 'f9' } });
    expect(await ledger.findUpload('old')).toMatchObject({ state: 'issued' });
    await record(OWN, { ...told, fields: { fileId: 'f1' } });
    await record(GLOBEX, { ...fileFact('f1', 'deleted'), ofTenant });

    expect(await ledger.findUpload('old')).toMatchObject({ state: 'ready', subAppId: OWN });
  });

  it("with a file without an application is ended by the service's own application alone", async () => {
    await record(undefined, fileFact('f1', 'uploaded'));
    const stateOf = async () => (await ledger.findUpload(deriveFileUploadId('f1')))?.state;

    await record(GLOBEX, { ...fileFact('f1', 'deleted'), ofTenant: true });
    expect(await stateOf()).toBe('ready');
    await record(OWN, fileFact('f1', 'deleted'));
    expect(await stateOf()).toBe('deleted');
  });
});

describe('work that is due', () => {
  it("on a file is claimed with the file's application", async () => {
    await record(ACME, fileFact('f1', 'uploaded'), { fileId: 'f1', kind: 'modify' });
    await record(GLOBEX, fileFact('f2', 'rejected'));

    expect((await readActions()).sort()).toEqual([
      `delete f2 in ${GLOBEX}`,
      `modify f1 in ${ACME}`,
    ]);
  });

  it('on a queued pull is claimed with the application of its upload', async () => {
    const pull = { owner: 'ann', request: { SessionId: 'u' } };
    await ledger.enqueuePulls([
      { ...pull, uploadId: 'u1', fields: { subAppId: ACME } },
      { ...pull, uploadId: 'u2' },
    ]);

    const [first, second] = await ledger.claimPulls(2, 60);

    expect(first).toMatchObject({ uploadId: 'u1', subAppId: ACME });
    expect(second).not.toHaveProperty('subAppId');
  });

  it("on an unconfirmed event is claimed with the event's application", async () => {
    const kept = { raw: { EventType: 'PullComplete' }, receivedAt: Date.now() };
    await ledger.storePendingConfirmation({ ...kept, eventId: 'e1', subAppId: ACME });
    await ledger.storePendingConfirmation({ ...kept, eventId: 'e2' });

    const claims = await ledger.claimConfirmations(9, 60);

    expect(claims.map(({ eventId, subAppId }) => [eventId, subAppId]).sort()).toEqual([
      ['e1', ACME],
      ['e2', undefined],
    ]);
  });

  it('on a delivery has the application of its event', async () => {
    await record(ACME, fileFact('f1', 'uploaded'));

    const claims = await ledger.claimDeliveries(9, 60, 9);

    expect(claims.map(({ event }) => event)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'vod', subAppId: ACME }),
        expect.objectContaining({
          kind: 'upload',
          upload: expect.objectContaining({ subAppId: ACME }),
        }),
      ]),
    );
  });
});

describe('findFiles()', () => {
  it("returns files of the given application, and files without one for the service's own", async () => {
    await record(ACME, fileFact('f1', 'uploaded'));
    await record(GLOBEX, fileFact('f2', 'uploaded'));
    await record(undefined, fileFact('f3', 'uploaded'));
    const files = ['f1', 'f2', 'f3', 'f4'];

    expect(await ledger.findFiles(files, ACME, GLOBEX)).toEqual(['f1']);
    expect((await ledger.findFiles(files, ACME, ACME)).toSorted()).toEqual(['f1', 'f3']);
    expect((await ledger.findFiles(files)).toSorted()).toEqual(['f1', 'f2', 'f3']);
  });
});
