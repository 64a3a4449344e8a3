import { beforeEach, describe, expect, it } from 'vitest';
import type { NewMediaAction } from '../../../../lib/ledger/jobs/actions.ts';
import type { EventRecord } from '../../../../lib/ledger/recording/event-record.ts';
import type { UploadChange } from '../../../../lib/ledger/uploads/upload-row.ts';
import { deriveFileUploadId } from '../../../../lib/model/upload-id.ts';
import type { UploadFact } from '../../../../lib/model/upload-state.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

const { ledger } = useLedger();

const record = (change: UploadChange, ...actions: readonly NewMediaAction[]) =>
  ledger.recordEvent(eventOf([change], { actions }));

const tell = (owner: string, fileId: string, fact: UploadFact = 'uploaded'): UploadChange => ({
  ...{ key: { uploadId: 'u1' }, fact, method: 'client', owner, fields: { fileId } },
});

const readActions = async () =>
  (await ledger.claimActions(99, 0))
    .map(({ fileId, kind, uploadId }) => `${kind} ${fileId} of ${uploadId}`)
    .sort();

describe('an upload that a file of another owner names', () => {
  beforeEach(async () => {
    await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'ann' });
  });

  it('does not change, and the file is removed', async () => {
    const before = await ledger.findUpload('u1');

    const recorded = await record(tell('mallory', 'f9'), { fileId: 'f9', kind: 'modify' });

    expect(recorded).toMatchObject({ fresh: true, announced: [] });
    expect(await ledger.findUpload('u1')).toEqual(before);
    expect(await readActions()).toEqual(['delete f9 of u1']);
  });

  it('still accepts a file of its own owner', async () => {
    await record(tell('mallory', 'f9'));
    await record(tell('ann', 'f1'));

    expect(await ledger.findUpload('u1')).toMatchObject({
      ...{ state: 'ready', owner: 'ann', fileId: 'f1' },
    });
    expect(await readActions()).toEqual(['delete f9 of u1']);
  });

  it('does not change for a file that was known before', async () => {
    await record({ key: { fileId: 'f9' }, fact: 'processingStarted' });

    await record(tell('mallory', 'f9'));

    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'issued', owner: 'ann' });
    expect((await ledger.findUpload('u1'))?.fileId).toBeUndefined();
    expect(await readActions()).toEqual([`delete f9 of u1`]);
    expect(await ledger.findUpload(deriveFileUploadId('f9'))).toMatchObject({ fileId: 'f9' });
  });

  it('is not ended by facts about such a file', async () => {
    await record(tell('mallory', 'f9', 'rejected'));
    await record(tell('mallory', 'f9', 'deleted'));

    expect(await ledger.findUpload('u1')).toMatchObject({ state: 'issued' });
  });

  it('keeps its owner when it is issued again', async () => {
    const saved = await ledger.issueUpload({ uploadId: 'u1', method: 'client', owner: 'mallory' });
    expect(saved).toMatchObject({ owner: 'ann' });
  });

  it('without an owner gets the first owner that is reported', async () => {
    await record({ key: { uploadId: 'u2' }, fact: 'issued', method: 'pull' });
    await record({ ...tell('bob', 'f2'), key: { uploadId: 'u2' } });
    expect(await ledger.findUpload('u2')).toMatchObject({ owner: 'bob', state: 'ready' });
  });
});

describe('media actions of an event', () => {
  const modify = (fileId: string): NewMediaAction => ({ fileId, kind: 'modify' });

  it('are recorded for the upload of the file', async () => {
    await record(tell('ann', 'f1'), modify('f1'));
    await record({ key: { fileId: 'f2' }, fact: 'uploaded' }, modify('f2'));
    expect(await readActions()).toEqual(
      ['modify f1 of u1', `modify f2 of ${deriveFileUploadId('f2')}`].sort(),
    );
  });

  it('are dropped for a second or a rejected file, or the file of a rejected upload', async () => {
    await record(tell('ann', 'f1'));
    await record(tell('ann', 'f2'), modify('f2'));
    await record({ key: { fileId: 'f3' }, fact: 'rejected' }, modify('f3'));
    await ledger.transition('u1', 'rejected');
    await record(tell('ann', 'f1'), modify('f1'));
    expect(await readActions()).toEqual(
      [
        ...['delete f1 of u1', 'delete f2 of u1'],
        `delete f3 of ${deriveFileUploadId('f3')}`,
      ].sort(),
    );
  });

  it('are recorded for many events in one statement', async () => {
    const events = Array.from({ length: 20 }, (_, i): EventRecord => {
      const change = { ...tell('ann', `f${i}`), key: { uploadId: `u${i}` } };
      return eventOf([change], { eventId: `e${i}`, actions: [modify(`f${i}`)] });
    });
    await ledger.recordEvents([...events, ...events]);
    expect(await readActions()).toEqual(
      Array.from({ length: 20 }, (_, i) => `modify f${i} of u${i}`).sort(),
    );
  });

  it('list the rules that they come from', async () => {
    const detail = { rules: ['first', 'second'], parameters: {} };
    await record(tell('ann', 'f1'), { ...modify('f1'), detail }, { fileId: 'f1', kind: 'inspect' });
    const actions = await (await ledger.timeline()).listActions('u1');
    expect(actions.map(({ kind, rules }) => [kind, rules])).toEqual([
      ['inspect', undefined],
      ['modify', ['first', 'second']],
    ]);
  });
});
