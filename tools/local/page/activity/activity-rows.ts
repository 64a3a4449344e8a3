import type { RecordedActivity } from '../../activity.ts';
import type { Recorded } from '../stack/recorded.ts';
import { type ActivityText, describeActivity, isRegionProbe } from './activity-text.ts';

/** An activity and its text. */
export interface TextedActivity {
  readonly activity: RecordedActivity;
  readonly text: ActivityText;
}

/** A row of the list: one activity, or several that are not worth reading one by one. */
export interface ActivityRow {
  /** Number of its first activity in the order of activities. */
  readonly key: number;
  readonly activities: readonly TextedActivity[];
  readonly text: ActivityText;
}

/** Adds the text to an activity. */
export function textActivity(activity: RecordedActivity): TextedActivity {
  return { activity, text: describeActivity(activity) };
}

/**
 * Returns the rows for activities in their order. Consecutive probes of regions are one row, and so are runs of the
 * timer with their calls to VOD.
 */
export function foldActivities(activities: readonly TextedActivity[]): readonly ActivityRow[] {
  const rows: ActivityRow[] = [];
  for (const entry of activities) {
    const { activity } = entry;
    if (activity.type === 'storage' && isRegionProbe(activity)) foldProbe(rows, entry);
    else if (activity.type === 'sweep' && activity.firedBy === 'timer') {
      foldRun(rows, entry, activity);
    } else rows.push({ key: activity.seq, activities: [entry], text: entry.text });
  }
  return rows;
}

function foldProbe(rows: ActivityRow[], entry: TextedActivity): void {
  const last = rows.at(-1);
  const isProbe = last?.activities.every(
    ({ activity }) => activity.type === 'storage' && isRegionProbe(activity),
  );
  const before = last !== undefined && isProbe ? (rows.pop()?.activities ?? []) : [];
  const probes = [...before, entry];
  const key = probes[0]?.activity.seq ?? entry.activity.seq;
  const detail = 'The SDK finds the region that answers first';
  const text = { ...entry.text, title: 'Region probes', detail, status: `${probes.length}` };
  rows.push({ key, activities: probes, text: probes.length === 1 ? entry.text : text });
}

function foldRun(rows: ActivityRow[], entry: TextedActivity, run: Recorded<'sweep'>): void {
  const calls = takeCalls(rows, Date.parse(run.at) - run.milliseconds);
  const isRunBefore = isTimer(rows.at(-1)?.activities.at(-1)?.activity) && !run.failed;
  const before = isRunBefore ? (rows.pop()?.activities ?? []) : [];
  const all = [...before, ...calls, entry];
  const runs = all.filter(({ activity }) => activity.type === 'sweep').length;
  const status = runs === 1 ? entry.text.status : `${runs} runs`;
  const key = all[0]?.activity.seq ?? entry.activity.seq;
  rows.push({ key, activities: all, text: { ...entry.text, title: 'Timer', status } });
}

/** A failed run has its own row. */
function isTimer(activity: RecordedActivity | undefined): boolean {
  return activity?.type === 'sweep' && activity.firedBy === 'timer' && !activity.failed;
}

/**
 * Removes the calls to VOD since `start` from the end of `rows` and returns them: those of the run that has just ended.
 */
function takeCalls(rows: ActivityRow[], start: number): readonly TextedActivity[] {
  const calls: TextedActivity[] = [];
  for (;;) {
    const [call, ...others] = rows.at(-1)?.activities ?? [];
    const isCall = call?.activity.type === 'api' && Date.parse(call.activity.at) >= start;
    if (call === undefined || !isCall || others.length > 0) return calls;
    rows.pop();
    calls.unshift(call);
  }
}
