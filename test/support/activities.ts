import type { ActivityLog, RecordedActivity } from '../../tools/local/activity.ts';
import type { LocalStack } from '../../tools/local/local-stack.ts';

type ActivityOf<Type extends RecordedActivity['type']> = Extract<RecordedActivity, { type: Type }>;

/** Returns everything of one type that the stack has seen so far. */
export function seen<Type extends RecordedActivity['type']>(
  stack: LocalStack,
  type: Type,
): ActivityOf<Type>[] {
  return stack.activity
    .since(0)
    .filter((activity): activity is ActivityOf<Type> => activity.type === type);
}

/** Resolves with the next activity that is `wanted`. */
export function nextActivity(
  activity: ActivityLog,
  wanted: (activity: RecordedActivity) => boolean,
): Promise<RecordedActivity> {
  return new Promise((resolve) => {
    const stop = activity.listen((recorded) => {
      if (!wanted(recorded)) return;
      stop();
      resolve(recorded);
    });
  });
}

/** Shorter than a test's time limit, so that the failure says what the test waited for. */
const WAIT_MILLISECONDS = 100_000;

/** Resolves with the first past or future activity that `fits`; rejects if there is none. */
export function happens<Type extends RecordedActivity['type']>(
  stack: LocalStack,
  type: Type,
  fits: (activity: ActivityOf<Type>) => boolean,
): Promise<ActivityOf<Type>> {
  const isIt = (activity: RecordedActivity): activity is ActivityOf<Type> =>
    activity.type === type && fits(activity as ActivityOf<Type>);
  const past = stack.activity.since(0).find(isIt);
  if (past !== undefined) return Promise.resolve(past);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`There was no such activity of type ${type}`));
    }, WAIT_MILLISECONDS);
    const stop = stack.activity.listen((activity) => {
      if (!isIt(activity)) return;
      clearTimeout(timer);
      stop();
      resolve(activity);
    });
  });
}
