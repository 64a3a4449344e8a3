import { describe, expect, test } from 'vitest';
import type { RecordedActivity } from '../../../../../tools/local/activity.ts';
import {
  foldActivities,
  textActivity,
} from '../../../../../tools/local/page/activity/activity-rows.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
const at = (milliseconds: number) => new Date(NOON + milliseconds).toISOString();

function api(seq: number, milliseconds: number): RecordedActivity {
  return { type: 'api', action: 'SearchMedia', requestId: `r-${seq}`, seq, at: at(milliseconds) };
}

function run(seq: number, milliseconds: number, firedBy: 'timer' | 'hand'): RecordedActivity {
  return {
    ...{ type: 'sweep', firedBy, milliseconds: 100, failed: false, log: [], summary: {} },
    ...{ seq, at: at(milliseconds) },
  };
}

function probe(seq: number): RecordedActivity {
  return {
    ...{ type: 'storage', operation: 'HEAD', status: 403, bucket: 'b', key: '' },
    ...{ seq, at: at(seq) },
  };
}

function fold(...activities: readonly RecordedActivity[]) {
  return foldActivities(activities.map(textActivity)).map(({ text, activities: folded }) => ({
    title: text.title,
    status: text.status,
    folded: folded.map(({ activity }) => activity.seq),
  }));
}

describe('foldActivities()', () => {
  test('folds runs of the timer with their calls to VOD', () => {
    const rows = fold(api(1, 50), run(2, 100, 'timer'), api(3, 60_050), run(4, 60_100, 'timer'));
    expect(rows).toEqual([{ title: 'Timer', status: '2 runs', folded: [1, 2, 3, 4] }]);
  });

  test('does not include calls before a run, or of other functions, in the run', () => {
    const rows = fold(api(1, -50), probe(2), api(3, 50), run(4, 100, 'timer'));
    expect(rows.map(({ folded }) => folded)).toEqual([[1], [2], [3, 4]]);
    expect(fold(api(1, -50), run(2, 100, 'timer')).map(({ folded }) => folded)).toEqual([[1], [2]]);
  });

  test('shows a manual run and its calls separately', () => {
    expect(fold(api(1, 50), run(2, 100, 'hand'))).toHaveLength(2);
  });

  test('shows a failed run of the timer separately', () => {
    const failed = { ...run(3, 200, 'timer'), failed: true } as RecordedActivity;
    const rows = fold(run(1, 100, 'timer'), failed, run(4, 300, 'timer'));
    expect(rows.map(({ folded }) => folded)).toEqual([[1], [3], [4]]);
  });

  test('folds consecutive probes of regions', () => {
    const rows = fold(probe(1), probe(2), api(3, 3), probe(4));
    expect(rows.map(({ title, folded }) => [title, folded])).toEqual([
      ['Region probes', [1, 2]],
      ['SearchMedia', [3]],
      ['Region probe', [4]],
    ]);
  });
});
