/** What happened, as the live list on the page and the tests see it. */
export type Activity =
  | {
      readonly type: 'function';
      readonly function: string;
      readonly method: string;
      readonly status: number;
      readonly milliseconds: number;
      /** The JSON log lines that the function wrote during the call. */
      readonly log: readonly Readonly<Record<string, unknown>>[];
    }
  | {
      readonly type: 'ugc';
      readonly action: string;
      readonly host: string;
      /** 0, or the code of the refusal. */
      readonly code: number;
      readonly message: string;
      readonly vodSessionKey?: string;
      readonly fileId?: string;
      readonly storagePath?: string;
      readonly sourceContext?: string;
    }
  | {
      readonly type: 'storage';
      /** Name of the COS operation, such as `UploadPart`. */
      readonly operation: string;
      readonly status: number;
      /** COS error code where the operation was refused. */
      readonly code?: string;
      readonly bucket: string;
      readonly key: string;
      readonly uploadId?: string;
      readonly partNumber?: number;
      readonly bytes?: number;
    }
  | {
      readonly type: 'media';
      readonly fileId: string;
      readonly name: string;
      readonly mediaUrl: string;
      readonly coverUrl: string;
      readonly metaData: Readonly<Record<string, unknown>> | null;
    }
  | {
      readonly type: 'notification';
      readonly eventType: string;
      readonly attempt: number;
      /** `held` is a fault at work: the notification was lost or delayed on purpose. */
      readonly outcome: 'delivered' | 'failed' | 'held';
      readonly status?: number;
      readonly error?: string;
      readonly fileId?: string;
      /** The notification as sent, without `Sign` and `T`. */
      readonly event: Readonly<Record<string, unknown>>;
    }
  | {
      readonly type: 'procedure';
      /** Nothing is transcoded here, and the list says so. */
      readonly simulated: true;
      readonly taskId: string;
      readonly fileId: string;
      readonly procedure: string;
      readonly status: 'PROCESSING' | 'FINISH';
    }
  | {
      readonly type: 'api';
      /** Empty where the request names none. */
      readonly action: string;
      readonly requestId: string;
      /** Code of the refusal. */
      readonly code?: string;
      /** What the refusal says. */
      readonly message?: string;
    }
  | {
      readonly type: 'pull';
      readonly taskId: string;
      readonly status: 'WAITING' | 'PROCESSING' | 'FINISH';
      /** Percent; 0 to the end where the source does not say how large it is. */
      readonly progress: number;
      /** Host and path of the source: its query may hold a signature. */
      readonly url: string;
      /** At the end; 0 is success. */
      readonly errCode?: number;
      readonly message?: string;
      readonly fileId?: string;
    }
  | {
      readonly type: 'webhook';
      /** Whether the official library says that the message is genuine. */
      readonly verified: boolean;
      /** Empty where the message is not genuine, as the next is. */
      readonly eventType: string;
      /** `webhook-id`. */
      readonly webhookId: string;
      /** How often the consumer has had this message, this time included. */
      readonly attempt: number;
      /** What the consumer answers; 0 where the sender was gone before. */
      readonly status: number;
      /** The upload that the message is about. */
      readonly uploadId?: string;
      readonly fileId?: string;
      /** What the message says. */
      readonly data?: Readonly<Record<string, unknown>>;
    }
  | {
      readonly type: 'sweep';
      readonly firedBy: 'timer' | 'hand';
      readonly milliseconds: number;
      /** What the function answered, or what the platform says where it gave no answer. */
      readonly summary: Readonly<Record<string, unknown>>;
      readonly failed: boolean;
      /** The JSON log lines that the function wrote during the run. */
      readonly log: readonly Readonly<Record<string, unknown>>[];
    }
  | { readonly type: 'fault'; readonly fault: string; readonly remaining: number };

/** An {@link Activity} with its place in the order of things. */
export type RecordedActivity = Activity & { readonly seq: number; readonly at: string };

/** Everyone reports here; the event stream and the tests listen. */
export interface ActivityLog {
  report(activity: Activity): void;
  /** Calls `listener` for each later activity; what it returns stops that. */
  listen(listener: (activity: RecordedActivity) => void): () => void;
  /** The kept activities after `seq`, oldest first. */
  since(seq: number): readonly RecordedActivity[];
}

const KEPT = 1_000;

/** Returns an empty log that keeps the newest 1,000 activities. */
export function createActivityLog(now: () => Date = () => new Date()): ActivityLog {
  const kept: RecordedActivity[] = [];
  const listeners = new Set<(activity: RecordedActivity) => void>();
  let seq = 0;
  return {
    report(activity) {
      seq += 1;
      const recorded = { ...activity, seq, at: now().toISOString() };
      kept.push(recorded);
      if (kept.length > KEPT) kept.shift();
      for (const listener of listeners) listener(recorded);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    since: (after) => kept.filter((activity) => activity.seq > after),
  };
}
