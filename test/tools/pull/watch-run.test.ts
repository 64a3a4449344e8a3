import { describe, expect, it } from 'vitest';
import type { CountedRun } from '../../../tools/pull/run-answers.ts';
import { describeRun, tabulateRun } from '../../../tools/pull/watch-run.ts';

const RUN: CountedRun = {
  ...{ runId: 'r', name: 'library', state: 'open', createdAt: 'now' },
  ...{ total: 4, states: { waiting: 3, ready: 1 }, bytes: 2_048, reasons: [] },
};
const PAUSED: CountedRun = { ...RUN, state: 'paused' };
const RATE = { perSecond: 0.5, secondsLeft: 6 };
const NONE = { perSecond: undefined, secondsLeft: undefined };

describe('a run', () => {
  it('is shown with its rate while it is watched', () => {
    expect(tabulateRun(RUN, RATE, [])).toMatch(
      /^run "library" \(open\): 4 items, 2\.0 kB, 0\.5 a second, 6 s left\n/,
    );
    expect(describeRun(RUN, RATE, [])).toContain(', 2.0 kB, 0.5 a second, 6 s left');
  });

  it('is shown without one after a single look', () => {
    expect(tabulateRun(RUN, NONE, [])).toMatch(/^run "library" \(open\): 4 items, 2\.0 kB\n/);
    expect(describeRun(RUN, NONE, [])).toMatch(/, 2\.0 kB$/);
  });

  it('is shown with what to do while it is paused', () => {
    const resume = 'paused: "vod-upload runs resume library" sends what waits';

    expect(tabulateRun(PAUSED, RATE, [])).toMatch(
      new RegExp(`^run "library" \\(paused\\): 4 items, 2\\.0 kB, ${resume}\n`),
    );
    expect(describeRun(PAUSED, RATE, [])).toMatch(new RegExp(`, 2\\.0 kB, ${resume}$`));
    expect(tabulateRun({ ...PAUSED, states: { ready: 4 } }, RATE, [])).not.toContain('resume');
  });
});
