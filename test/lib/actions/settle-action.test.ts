import { describe, expect, it } from 'vitest';
import { useActionStage } from './action-stage.ts';

const stage = useActionStage();

describe('an action of a later version', () => {
  it.each([
    ['an unknown kind', { kind: 'paint' }],
    ['an unknown detail', { kind: 'modify', detail: { color: 'red' } }],
    ['no detail', { kind: 'procedure' }],
  ])('is retried where it has %s', async (_name, action) => {
    await stage.arrive('5285890700000000404', 'uploaded', action);
    expect(await stage.settle()).toMatchObject([{ kind: 'retry', error: 'unknown_action' }]);
  });
});
