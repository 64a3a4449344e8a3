import { describe, expect, test } from 'vitest';
import { createPartFacts } from '../../../../../tools/local/page/facts/part-facts.ts';

const AT = '2026-01-01T00:00:00.000Z';
const part = (partNumber: number, status: number) =>
  ({
    type: 'storage',
    operation: 'UploadPart',
    status,
    bucket: 'b-1',
    key: 'b/1/x.mp4',
    partNumber,
    seq: partNumber,
    at: AT,
  }) as const;

describe('createPartFacts()', () => {
  test('finds a key with and without its leading slash', () => {
    const facts = createPartFacts();
    facts.take(part(1, 200));
    expect(facts.parts('/b/1/x.mp4').get(1)).toEqual({ state: 'stored', at: Date.parse(AT) });
  });

  test('shows a part that was refused and then stored as stored, and keeps that', () => {
    const facts = createPartFacts();
    facts.take(part(1, 503));
    expect(facts.parts('b/1/x.mp4').get(1)?.state).toBe('failed');
    facts.take(part(1, 200));
    facts.take(part(1, 500));
    expect(facts.parts('b/1/x.mp4').get(1)?.state).toBe('stored');
  });

  test('keeps the parts from before a reload, unless storage says otherwise', () => {
    const facts = createPartFacts();
    facts.take(part(2, 503));
    facts.keepParts('b/1/x.mp4', [1, 2]);
    const states = [...facts.parts('b/1/x.mp4')].map(([number, { state }]) => [number, state]);
    expect(states.sort()).toEqual([
      [1, 'stored'],
      [2, 'failed'],
    ]);
  });
});
