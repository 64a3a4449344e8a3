import type { TimelineAction, TimelineDelivery, TimelineEvent } from '../ledger/timeline.ts';

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
      receivedAt: writeIsoTime(receivedAt),
      deliveries: deliveries.map(viewDelivery),
    })),
    actions: actions.map(({ updatedAt, ...action }) => ({
      ...action,
      updatedAt: writeIsoTime(updatedAt),
    })),
  };
}

function viewDelivery({ nextAttemptAt, updatedAt, ...delivery }: TimelineDelivery): object {
  return {
    ...delivery,
    ...(nextAttemptAt === undefined ? {} : { nextAttemptAt: writeIsoTime(nextAttemptAt) }),
    updatedAt: writeIsoTime(updatedAt),
  };
}

function writeIsoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
