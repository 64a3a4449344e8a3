import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_NOTES } from '../../../lib/ledger/absent-files.ts';
import { useLedger } from '../../support/use-ledger.ts';

let now: number;
const { ledger, open } = useLedger({ now: () => now });

beforeEach(() => {
  now = Date.parse('2026-03-01T00:00:00Z');
});

const SOURCE = { SourceType: 'Upload', SourceContext: 'mine' };
const DAY = 86_400_000;
const FULL = Array.from({ length: MAX_NOTES }, (_, place) => `f${place}`);

describe('the notes of files that VOD does not have', () => {
  it('describe an arrival what was said of it first', async () => {
    await ledger.noteAbsentArrival({ fileId: '1', source: SOURCE }, 7);
    await ledger.noteAbsentArrival({ fileId: '1', source: {} }, 7);

    expect(await ledger.findAbsentArrivals(['1', '2'], 7)).toEqual([
      { fileId: '1', source: SOURCE },
    ]);
  });

  it('are of one application', async () => {
    await ledger.noteAbsentDeletions(['1'], 7);

    for (const subAppId of [8, undefined]) {
      expect(await ledger.noteAbsentArrival({ fileId: '1', source: SOURCE }, subAppId)).toEqual({
        ...{ isKept: true, isDeleted: false },
      });
    }
    expect(await ledger.findAbsentArrivals(['1'], 7)).toEqual([]);
    expect(await ledger.noteAbsentArrival({ fileId: '1', source: {} }, 7)).toEqual({
      ...{ isKept: true, isDeleted: true },
    });
  });

  it('see each other, of an arrival and a deletion at the same time', async () => {
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

  it('have room for so many of an application, and for what they know', async () => {
    await ledger.noteAbsentDeletions(FULL, 7);

    const note = (fileId: string, subAppId: number) =>
      ledger.noteAbsentArrival({ fileId, source: SOURCE }, subAppId);
    expect(await note('new', 7)).toEqual({ isKept: false, isDeleted: false });
    expect(await note('new', 8)).toEqual({ isKept: true, isDeleted: false });
    expect(await note('f0', 7)).toEqual({ isKept: true, isDeleted: true });
  });

  it('are forgotten after a day', async () => {
    await ledger.noteAbsentDeletions(FULL, 7);
    now += DAY;

    const note = (fileId: string) => ledger.noteAbsentArrival({ fileId, source: SOURCE }, 7);
    expect(await note('new')).toEqual({ isKept: true, isDeleted: false });
    expect(await note('f1')).toEqual({ isKept: true, isDeleted: false });
  });
});
