import type { TimelineAction, TimelineDelivery, TimelineEvent } from '../ledger/timeline.ts';

/** What happened to one upload, as callers see it: times are ISO 8601. */
export interface TimelineView {
  readonly uploadId: string;
  /** Oldest first, each with who was told of it, and how often that was tried. */
  readonly events: readonly object[];
  /** What was, or is to be, done to its media; oldest first. */
  readonly actions: readonly object[];
}

/** Returns what the ledger describes an upload for those outside. */
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
