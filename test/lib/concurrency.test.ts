import { EventEmitter, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { forEachAtOnce } from '../../lib/system.ts';

/** Work whose items end when the test ends them. */
function createWork() {
  const begun: number[] = [];
  const ended = new EventEmitter();
  const over = new Map<number, Error | undefined>();
  const end = (item: number, error?: Error) => {
    over.set(item, error);
    ended.emit(`${item}`);
  };
  const work = async (item: number) => {
    begun.push(item);
    if (!over.has(item)) await once(ended, `${item}`);
    const error = over.get(item);
    if (error !== undefined) throw error;
  };
  return { begun, work, end };
}

/** Waits until everything that can continue has continued. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('forEachAtOnce()', () => {
  it('starts up to its limit, and the next item when one has ended', async () => {
    const { begun, work, end } = createWork();
    const done = forEachAtOnce([1, 2, 3, 4], 2, work);
    await settle();
    expect(begun).toEqual([1, 2]);
    end(2);
    await settle();
    expect(begun).toEqual([1, 2, 3]);
    for (const item of [1, 3, 4]) end(item);
    await done;
    expect(begun).toEqual([1, 2, 3, 4]);
  });

  it('does nothing without items', async () => {
    const { begun, work } = createWork();
    await forEachAtOnce([], 2, work);
    await forEachAtOnce(new Map<number, number>().keys(), 2, work);
    expect(begun).toEqual([]);
  });

  it('reads no more items from a generator than it can start', async () => {
    const asked: number[] = [];
    async function* items() {
      for (let item = 1; item <= 3; item += 1) {
        asked.push(item);
        yield item;
      }
    }
    const { begun, work, end } = createWork();
    const done = forEachAtOnce(items(), 2, work);
    await settle();
    expect(asked).toEqual([1, 2]);
    for (const item of [1, 2, 3]) end(item);
    await done;
    expect(begun).toEqual([1, 2, 3]);
  });

  it('throws the first failure after all other items are done', async () => {
    const { begun, work, end } = createWork();
    let isOver = false;
    const done = forEachAtOnce([1, 2, 3, 4], 2, work).finally(() => {
      isOver = true;
    });
    end(1, new Error('1 failed'));
    for (const item of [2, 3]) end(item);
    await settle();
    expect(begun).toEqual([1, 2, 3, 4]);
    expect(isOver).toBe(false);
    end(4);
    await expect(done).rejects.toThrow('1 failed');
  });

  it('throws the error of the generator', async () => {
    async function* items() {
      yield 1;
      throw new Error('no more');
    }
    const { work, end } = createWork();
    end(1);
    await expect(forEachAtOnce(items(), 2, work)).rejects.toThrow('no more');
  });
});
