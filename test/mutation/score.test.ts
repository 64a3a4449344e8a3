import { describe, expect, it } from 'vitest';
import { allowSurvivors, computeScore, type Mutant } from './score.ts';

const FAULT: Omit<Mutant, 'line' | 'status'> = {
  file: 'lib/model/a.ts',
  text: 'if (a < 1) return;',
  code: 'a < 1',
  mutator: 'EqualityOperator',
  replacement: 'a <= 1',
};

function mutants(...statuses: string[]): Mutant[] {
  return statuses.map((status, index) => ({ ...FAULT, line: index + 1, status }));
}

it('counts as seen what fails or never ends, and as unseen what no test reaches', () => {
  const score = computeScore(mutants('Killed', 'Timeout', 'Killed', 'NoCoverage', 'Ignored'), []);

  expect(score).toMatchObject({ killed: 3, equivalent: 0, percent: 75 });
  expect(score.survivors.map(({ line }) => line)).toEqual([4]);
});

it('leaves out what changes nothing, wherever the line stands', () => {
  const listed = { ...FAULT, reason: 'a is never 1' };
  const other = { ...listed, replacement: 'a >= 1' };

  expect(computeScore(mutants('Killed', 'Survived'), [listed, other])).toEqual({
    killed: 1,
    survivors: [],
    equivalent: 1,
    stale: [other],
    percent: 100,
  });
  expect(computeScore(mutants('Killed'), [listed]).stale).toEqual([listed]);
});

it('is whole where nothing was changed', () => {
  expect(computeScore([], []).percent).toBe(100);
});

describe('how many faults may be unseen', () => {
  it('is the share of all of them', () => {
    expect(allowSurvivors(100, 95, false)).toBe(5);
    expect(allowSurvivors(19, 95, false)).toBe(0);
  });

  it('is more in a sample, where chance can have found the worst places', () => {
    // 100 x 0.05 = 5; the standard deviation is the square root of 100 x 0.05 x 0.95, which is 2.18.
    expect(allowSurvivors(100, 95, true)).toBe(11);
    expect(allowSurvivors(0, 95, true)).toBe(0);
  });
});
