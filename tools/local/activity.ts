/** Something that happened, as the live list on the page and the tests get it. */
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
      /** `held`: a simulated fault lost or delayed the notification. */
      readonly outcome: 'delivered' | 'failed' | 'held';
      readonly status?: number;
      readonly error?: string;
      readonly fileId?: string;
      /** The notification as sent, without `Sign` and `T`. */
      readonly event: Readonly<Record<string, unknown>>;
    }
  | {
      readonly type: 'procedure';
      /** Nothing is transcoded, and the list says so. */
      readonly simulated: true;
      readonly taskId: string;
      readonly fileId: string;
      readonly procedure: string;
      readonly status: 'PROCESSING' | 'FINISH';
    }
  | {
      readonly type: 'api';
      /** Empty if the request has none. */
      readonly action: string;
      readonly requestId: string;
      /** Code of the refusal. */
      readonly code?: string;
      /** Message of the refusal. */
      readonly message?: string;
    }
  | {
      readonly type: 'pull';
      readonly taskId: string;
      readonly status: 'WAITING' | 'PROCESSING' | 'FINISH';
      /** Percent; always 0 if the source does not report its size. */
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
      /** Whether the official library accepts the message's signature. */
      readonly verified: boolean;
      /** Empty if the message is not genuine, like the next one. */
      readonly eventType: string;
      /** `webhook-id`. */
      readonly webhookId: string;
      /** How often the consumer has received this message, including this time. */
      readonly attempt: number;
      /** Status of the consumer's answer; 0 if the sender had closed the connection. */
      readonly status: number;
      /** The upload that the message is about. */
      readonly uploadId?: string;
      readonly fileId?: string;
      /** Data of the message. */
      readonly data?: Readonly<Record<string, unknown>>;
    }
  | {
      readonly type: 'sweep';
      readonly firedBy: 'timer' | 'hand';
      readonly milliseconds: number;
      /** The function's answer, or the platform's message if there is none. */
      readonly summary: Readonly<Record<string, unknown>>;
      readonly failed: boolean;
      /** The JSON log lines that the function wrote during the run. */
      readonly log: readonly Readonly<Record<string, unknown>>[];
    }
  | { readonly type: 'fault'; readonly fault: string; readonly remaining: number };

/** An {@link Activity} with its number in the order of activities. */
export type RecordedActivity = Activity & { readonly seq: number; readonly at: string };

/** All parts of the stack report here; the event stream and the tests listen. */
export interface ActivityLog {
  report(activity: Activity): void;
  /** Calls `listener` for each later activity; returns the function that ends this. */
  listen(listener: (activity: RecordedActivity) => void): () => void;
  /** Returns the stored activities after `seq`, oldest first. */
  since(seq: number): readonly RecordedActivity[];
}

const KEPT = 1_000;

/** Returns an empty log that stores the newest 1,000 activities. */
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
