import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { RecordedActivity } from '../../activity.ts';
import {
  type ActivityRow,
  foldActivities,
  type TextedActivity,
  textActivity,
} from './activity-rows.ts';
import type { ActivityKind } from './activity-text.ts';

/** All activities, and the rows that are shown. */
export interface ActivityModel {
  /** Oldest first. */
  readonly rows: ReadonlySignal<readonly ActivityRow[]>;
  readonly hidden: ReadonlySignal<ReadonlySet<ActivityKind>>;
  take(activities: readonly RecordedActivity[]): void;
  toggle(kind: ActivityKind): void;
  clear(): void;
}

const MAX_ROWS = 300;
/** More activities than shown rows, so that a filter finds older activities of its kind. */
const MAX_KEPT = 2_000;
/** The page itself reads the state of its uploads after each activity. */
const HIDDEN_AT_FIRST: readonly ActivityKind[] = ['read'];

/** Returns a model without activities. */
export function createActivityModel(): ActivityModel {
  const kept = signal<readonly TextedActivity[]>([]);
  const hidden = signal<ReadonlySet<ActivityKind>>(new Set(HIDDEN_AT_FIRST));
  const rows = computed(() => {
    const shown = kept.value.filter(({ text }) => !hidden.value.has(text.kind));
    return foldActivities(shown).slice(-MAX_ROWS);
  });
  return {
    rows,
    hidden,
    take(activities) {
      kept.value = [...kept.value, ...activities.map(textActivity)].slice(-MAX_KEPT);
    },
    toggle(kind) {
      const next = new Set(hidden.value);
      if (!next.delete(kind)) next.add(kind);
      hidden.value = next;
    },
    clear() {
      kept.value = [];
    },
  };
}
