import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_NOTES } from '../../../../lib/ledger/uploads/absent-files.ts';
import type { UploadChange } from '../../../../lib/ledger/uploads/upload-row.ts';
import type { UploadFact } from '../../../../lib/model/upload-state.ts';
import { eventOf, useLedger } from '../../../support/use-ledger.ts';

let now: number;
const { ledger, open } = useLedger({ clock: { now: () => now } });

beforeEach(() => {
  now = Date.parse('2026-03-01T00:00:00Z');
});

const SOURCE = { SourceType: 'Upload', SourceContext: 'mine' };
const DAY = 86_400_000;
const FULL = Array.from({ length: MAX_NOTES }, (_, place) => `f${place}`);

describe('the notes about files that VOD does not have', () => {
  it('keep the first description of an arrival', async () => {
    await ledger.noteAbsentArrival({ fileId: '1', source: SOURCE }, 7);
    await ledger.noteAbsentArrival({ fileId: '1', source: {} }, 7);

    expect(await ledger.findAbsentArrivals(['1', '2'], 7)).toEqual([
      { fileId: '1', source: SOURCE, isDeleted: false },
    ]);
  });

  it('record an arrival and a deletion in either order', async () => {
    await ledger.noteAbsentArrival({ fileId: '2', source: SOURCE }, 7);
    await ledger.noteAbsentArrival({ fileId: '1', source: SOURCE }, 7);
    await ledger.noteAbsentDeletions(['2', '1'], 7);

    const arrivals = await ledger.findAbsentArrivals(['2', '1'], 7);
    expect(arrivals.map(({ fileId, isDeleted }) => [fileId, isDeleted])).toEqual([
      ...[
        ['1', true],
        ['2', true],
      ],
    ]);
    expect(await ledger.noteAbsentArrival({ fileId: '1', source: {} }, 7)).toEqual({
      ...{ isNoted: true, isDeleted: true },
    });
  });

  it('belong to one application', async () => {
    await ledger.noteAbsentDeletions(['1'], 7);

    for (const subAppId of [8, undefined]) {
      expect(await ledger.noteAbsentArrival({ fileId: '1', source: SOURCE }, subAppId)).toEqual({
        ...{ isNoted: true, isDeleted: false },
      });
    }
    expect(await ledger.findAbsentArrivals(['1'], 7)).toEqual([]);
    expect(await ledger.noteAbsentArrival({ fileId: '1', source: {} }, 7)).toEqual({
      ...{ isNoted: true, isDeleted: true },
    });
  });

  it('of a concurrent arrival and deletion see each other', async () => {
    const fileIds = Array.from({ length: 50 }, (_, place) => String(place));
    const other = open();

    const seen = await Promise.all(
      fileIds.map(async (fileId) => {
        const [{ isDeleted }, isArrived] = await Promise.all([
          ledger.noteAbsentArrival({ fileId, source: SOURCE }, 7),
          other
            .noteAbsentDeletions([fileId], 7)
            .then(() => other.findAbsentArrivals([fileId], 7))
            .then((arrivals) => arrivals.length > 0),
        ]);
        return isDeleted || isArrived;
      }),
    );

    expect(seen).toEqual(fileIds.map(() => true));
  });

  it('are limited per application, except for files that are already noted', async () => {
    await ledger.noteAbsentDeletions(FULL, 7);

    const note = (fileId: string, subAppId: number) =>
      ledger.noteAbsentArrival({ fileId, source: SOURCE }, subAppId);
    expect(await note('new', 7)).toEqual({ isNoted: false, isDeleted: false });
    expect(await note('new', 8)).toEqual({ isNoted: true, isDeleted: false });
    expect(await note('f0', 7)).toEqual({ isNoted: true, isDeleted: true });
  });

  it('expire after a day', async () => {
    await ledger.noteAbsentDeletions(FULL, 7);
    now += DAY;

    const note = (fileId: string) => ledger.noteAbsentArrival({ fileId, source: SOURCE }, 7);
    expect(await note('new')).toEqual({ isNoted: true, isDeleted: false });
    expect(await note('f1')).toEqual({ isNoted: true, isDeleted: false });
  });
});

/** Records a change; an upload that is named has an owner. */
const tell = (change: UploadChange, subAppId: number) => {
  const owned = 'uploadId' in change.key ? { ...change, owner: 'ann' } : change;
  return ledger.recordEvent(eventOf([owned], { subAppId }));
};

describe('removeAbsentUpload()', () => {
  const comeAndGo = async (fileId: string, subAppId: number) => {
    await ledger.noteAbsentArrival({ fileId, source: SOURCE }, subAppId);
    await tell({ key: { fileId }, fact: 'deleted', fields: { fileId, subAppId } }, subAppId);
  };
  const listFiles = async () => {
    const { items } = await ledger.listUploads({ limit: 9 });
    return items.map(({ fileId }) => fileId);
  };

  it('removes the upload with the notes, and returns whether there was one', async () => {
    await comeAndGo('f1', 8);

    expect(await ledger.removeAbsentUpload('f1', 7)).toBe(true);

    expect(await listFiles()).toEqual([]);
    expect(await ledger.findAbsentArrivals(['f1'], 8)).toEqual([]);
    expect(await ledger.removeAbsentUpload('f1', 7)).toBe(false);
  });

  it('removes one whose application is not known', async () => {
    await ledger.noteAbsentArrival({ fileId: 'f1', source: SOURCE }, undefined);
    await ledger.recordEvent(eventOf([{ key: { fileId: 'f1' }, fact: 'deleted' }]));

    expect(await ledger.removeAbsentUpload('f1', 7)).toBe(true);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['of the same application', () => comeAndGo('f1', 7)],
    [
      'whose arrival was not noted there',
      async () => {
        await tell({ key: { fileId: 'f1' }, fact: 'deleted', fields: { subAppId: 8 } }, 8);
        await ledger.noteAbsentDeletions(['f1'], 8);
        await ledger.noteAbsentArrival({ fileId: 'f1', source: SOURCE }, 9);
        await ledger.noteAbsentArrival({ fileId: 'f2', source: SOURCE }, 8);
      },
    ],
    [
      'with a proven context',
      async () => {
        await ledger.noteAbsentArrival({ fileId: 'f1', source: SOURCE }, 8);
        const fields = { fileId: 'f1', subAppId: 8 };
        await tell({ key: { uploadId: 'u1' }, fact: 'deleted', fields }, 8);
      },
    ],
    [
      'that was not deleted',
      async () => {
        await ledger.noteAbsentArrival({ fileId: 'f1', source: SOURCE }, 8);
        await tell({ key: { fileId: 'f1' }, fact: 'uploaded', fields: { subAppId: 8 } }, 8);
      },
    ],
  ])('keeps an upload %s', async (_which, prepare) => {
    await prepare();
    const before = await ledger.findAbsentArrivals(['f1'], 8);

    expect(await ledger.removeAbsentUpload('f1', 7)).toBe(false);

    expect(await listFiles()).toEqual(['f1']);
    expect(await ledger.findAbsentArrivals(['f1'], 8)).toEqual(before);
  });
});

describe('detachFiles()', () => {
  const arrive = async (uploadId: string, fileId: string, subAppId: number, fact?: UploadFact) => {
    const fields = { fileId, subAppId };
    await tell({ key: { uploadId }, fact: 'uploaded', fields }, subAppId);
    if (fact !== undefined) await tell({ key: { uploadId }, fact }, subAppId);
  };

  it('detaches the files of deleted uploads of other applications, and no others', async () => {
    await tell({ key: { fileId: 'f1' }, fact: 'deleted', fields: { subAppId: 8 } }, 8);
    await arrive('u2', 'f2', 8, 'deleted');
    await arrive('u3', 'f3', 8);
    await arrive('u4', 'f4', 7, 'deleted');
    await arrive('u5', 'f5', 8, 'deleted');

    await ledger.detachFiles(['f1', 'f2', 'f3', 'f4'], 7);

    const { items } = await ledger.listUploads({ limit: 9 });
    expect(items.map(({ uploadId, fileId }) => [uploadId, fileId]).toSorted()).toEqual([
      ['u2', undefined],
      ['u3', 'f3'],
      ['u4', 'f4'],
      ['u5', 'f5'],
    ]);
  });

  it('drops the deletions that are due in other applications', async () => {
    const ask = (fileId: string, kind: string, subAppId: number) =>
      ledger.recordEvent(eventOf([], { subAppId, actions: [{ fileId, kind }] }));
    await ask('f1', 'delete', 8);
    await ask('f1', 'inspect', 8);
    await ask('f2', 'delete', 7);
    await ask('f3', 'delete', 8);

    await ledger.detachFiles(['f1', 'f2'], 7);

    const claims = await ledger.claimActions(9, 60);
    expect(claims.map(({ fileId, kind }) => `${fileId} ${kind}`).toSorted()).toEqual([
      ...['f1 inspect', 'f2 delete', 'f3 delete'],
    ]);
  });
});
