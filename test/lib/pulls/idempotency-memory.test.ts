import { describe, expect, it } from 'vitest';
import { createIdempotencyMemory } from '../../../lib/pulls/idempotency-memory.ts';

describe('recall()', () => {
  it('performs a request once, however many ask at the same time', async () => {
    const memory = createIdempotencyMemory<number>();
    let performed = 0;
    const perform = async () => {
      performed += 1;
      await Promise.resolve();
      return performed;
    };

    const results = await Promise.all(
      Array.from({ length: 100 }, () => memory.recall('key', 'body', perform)),
    );

    expect(performed).toBe(1);
    expect(results).toEqual(Array.from({ length: 100 }, () => 1));
  });

  it('refuses the same key with another request, also while the first is under way', async () => {
    const memory = createIdempotencyMemory<string>();
    const first = memory.recall('key', 'body', async () => 'done');

    await expect(memory.recall('key', 'another body', async () => 'twice')).rejects.toMatchObject({
      code: 'idempotency_conflict',
      status: 409,
    });
    expect(await first).toBe('done');
    expect(await memory.recall('key', 'body', async () => 'twice')).toBe('done');
  });

  it('performs anew what failed', async () => {
    const memory = createIdempotencyMemory<string>();
    const failed = memory.recall('key', 'body', () => Promise.reject(new Error('no')));

    await expect(failed).rejects.toThrow('no');
    expect(await memory.recall('key', 'another body', async () => 'done')).toBe('done');
  });

  it('forgets the oldest request beyond 10,000', async () => {
    const memory = createIdempotencyMemory<string>();
    for (let i = 0; i <= 10_000; i += 1)
      await memory.recall(`key-${i}`, 'body', async () => 'done');

    expect(await memory.recall('key-0', 'another body', async () => 'again')).toBe('again');
    expect(await memory.recall('key-10000', 'body', async () => 'again')).toBe('done');
  });
});
