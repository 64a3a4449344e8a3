import type {
  TimelineAction,
  TimelineDelivery,
  TimelineEvent,
} from '../ledger/uploads/timeline.ts';
import { formatMilliseconds } from './upload-view.ts';

/** The history of one upload in answers: times are ISO 8601. */
export interface TimelineView {
  readonly uploadId: string;
  /** Oldest first, each with its deliveries and the number of their attempts. */
  readonly events: readonly object[];
  /** Actions on its media, done or pending; oldest first. */
  readonly actions: readonly object[];
}

/** Returns the history of an upload in the form for answers. */
export function viewTimeline(
  uploadId: string,
  events: readonly TimelineEvent[],
  actions: readonly TimelineAction[],
): TimelineView {
  return {
    uploadId,
    events: events.map(({ receivedAt, deliveries, ...event }) => ({
      ...event,
      receivedAt: formatMilliseconds(receivedAt),
      deliveries: deliveries.map(viewDelivery),
    })),
    actions: actions.map(({ updatedAt, ...action }) => ({
      ...action,
      updatedAt: formatMilliseconds(updatedAt),
    })),
  };
}

function viewDelivery({ nextAttemptAt, updatedAt, ...delivery }: TimelineDelivery): object {
  return {
    ...delivery,
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt: formatMilliseconds(nextAttemptAt) }),
    updatedAt: formatMilliseconds(updatedAt),
  };
}
