import { beforeEach, describe, expect, it } from 'vitest';
import type { ItemFailure } from '../../../../lib/ledger/jobs/dead-items.ts';
import { useLedger } from '../../../support/use-ledger.ts';

const START = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
let time: number;
const { ledger } = useLedger({ clock: { now: () => time } });

beforeEach(() => {
  time = START;
});

const fail = (item: Partial<ItemFailure> = {}, mostTries = 3) =>
  ledger.countItemFailure(
    { kind: 'event', id: 'i1', code: 'RangeError', reason: 'It is too deep.', ...item },
    mostTries,
  );
const list = async () => (await ledger.listDeadItems({ limit: 9 })).items;

describe('countItemFailure()', () => {
  it('sets an item aside after its last attempt, and reports it once', async () => {
    expect(await fail()).toEqual({ attempts: 1, isDead: false, isNews: false });
    expect(await fail()).toEqual({ attempts: 2, isDead: false, isNews: false });
    expect(await list()).toEqual([]);
    expect(await fail()).toEqual({ attempts: 3, isDead: true, isNews: true });
    expect(await fail()).toEqual({ attempts: 4, isDead: true, isNews: false });
    expect(await fail({ id: 'i2' })).toMatchObject({ attempts: 1, isDead: false });
    expect(await fail({ kind: 'file' })).toMatchObject({ attempts: 1, isDead: false });
  });

  it('sets an item aside immediately if it has one attempt', async () => {
    expect(await fail({}, 1)).toEqual({ attempts: 1, isDead: true, isNews: true });
  });

  it('starts counting again after a day without a failure, except for dead items', async () => {
    await fail();
    time += DAY;
    expect(await fail()).toMatchObject({ attempts: 2 });
    time += DAY + 1;
    expect(await fail()).toEqual({ attempts: 1, isDead: false, isNews: false });
    await fail();
    await fail();
    const firstFailedAt = time;
    time += 2 * DAY;
    expect(await fail()).toEqual({ attempts: 4, isDead: true, isNews: false });
    expect(await list()).toMatchObject([{ firstFailedAt, diedAt: time }]);
  });

  it('records the last failure and what is known about the item', async () => {
    await fail({ subAppId: 7, fileId: 'f\0', content: '{"a":1}' }, 9);
    time += 1_000;
    await fail({ code: 'other', reason: 'Why\0' }, 2);
    expect(await list()).toEqual([
      {
        ...{ kind: 'event', id: 'i1', subAppId: 7, fileId: 'f\ufffd', attempts: 2 },
        ...{ code: 'other', reason: 'Why\ufffd', firstFailedAt: START, diedAt: time },
      },
    ]);
    const known = { kind: 'event', id: 'i1', subAppId: 7, fileId: 'f\ufffd', content: '{"a":1}' };
    expect(await ledger.findDeadItem({ kind: 'event', id: 'i1' })).toEqual(known);
    await fail({ fileId: 'g', content: '2' });
    expect(await ledger.findDeadItem({ kind: 'event', id: 'i1' })).toEqual({
      ...{ ...known, fileId: 'g', content: '2' },
    });
  });
});

describe('listDeadItems()', () => {
  it('lists dead items, latest first, in pages', async () => {
    await fail({ id: 'a' }, 1);
    await fail({ id: 'b' }, 1);
    await fail({ id: 'b', kind: 'file' }, 1);
    await fail({ id: 'failing' });
    time += 1;
    await fail({ id: 'late' }, 1);

    const names: string[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await ledger.listDeadItems({ limit: 1, cursor });
      names.push(...page.items.map(({ kind, id }) => `${kind} ${id}`));
      ({ cursor } = page);
    }
    expect(names).toEqual(['event late', 'file b', 'event b', 'event a']);
  });
});

describe('findDeadItem() and dropDeadItem()', () => {
  it('find and drop one item alone', async () => {
    for (const item of [{ id: 'a' }, { id: 'b' }, { id: 'a', kind: 'file' } as const]) {
      await fail(item, 1);
    }
    await fail({ id: 'failing' });
    expect(await ledger.findDeadItem({ kind: 'event', id: 'failing' })).toBeUndefined();
    expect(await ledger.findDeadItem({ kind: 'file', id: 'b' })).toBeUndefined();
    expect(await ledger.findDeadItem({ kind: 'file', id: 'a' })).toEqual({ kind: 'file', id: 'a' });

    await ledger.dropDeadItem({ kind: 'event', id: 'a' });

    expect((await list()).map(({ kind, id }) => `${kind} ${id}`)).toEqual(['file a', 'event b']);
    expect(await fail({ id: 'a' })).toMatchObject({ attempts: 1 });
  });
});
