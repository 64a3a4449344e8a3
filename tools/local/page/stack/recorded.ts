import type { RecordedActivity } from '../../activity.ts';

/** An activity of one type, with its number in the order of activities. */
export type Recorded<T extends RecordedActivity['type']> = Extract<RecordedActivity, { type: T }>;

/** Returns whether an HTTP status means success. */
export function isSuccess(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}
