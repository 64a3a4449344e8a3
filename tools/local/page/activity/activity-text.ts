import type { RecordedActivity } from '../../activity.ts';
import { formatBytes } from '../components/format.ts';
import { describeSweep } from '../lab/sweep-text.ts';
import { isSuccess, type Recorded } from '../stack/recorded.ts';

/** The kinds by which the live list can be filtered. */
export const ACTIVITY_KINDS = {
  function: 'Functions',
  api: 'Calls to VOD',
  pull: 'Pulls',
  part: 'Parts',
  storage: 'Other storage',
  event: 'Notifications',
  webhook: 'Webhooks',
  media: 'Media',
  fault: 'Faults',
  read: 'Status reads',
} as const;

/** One of {@link ACTIVITY_KINDS}. */
export type ActivityKind = keyof typeof ACTIVITY_KINDS;

/** An activity as a line of text. */
export interface ActivityText {
  readonly kind: ActivityKind;
  readonly title: string;
  readonly detail: string;
  readonly status: string;
  readonly tone: 'good' | 'bad' | 'warn' | 'plain';
}

/** Returns the text of an activity. */
export function describeActivity(activity: RecordedActivity): ActivityText {
  switch (activity.type) {
    case 'function':
      return describeFunction(activity);
    case 'ugc':
      return describeUgcCall(activity);
    case 'api':
      return describeApiCall(activity);
    case 'pull':
      return describePull(activity);
    case 'storage':
      return describeStorage(activity);
    case 'notification':
      return describeNotification(activity);
    case 'webhook':
      return describeWebhook(activity);
    case 'sweep':
      return describeSweepRun(activity);
    case 'media':
      return {
        kind: 'media',
        title: 'Media made',
        // Isolated, since a name may be in a script of the other direction.
        detail: `\u2068${activity.name}\u2069, ${activity.fileId}`,
        status: '',
        tone: 'plain',
      };
    case 'procedure':
      return {
        kind: 'media',
        title: activity.procedure || 'Processing',
        detail: `simulated, ${activity.taskId}`,
        status: activity.status,
        tone: activity.status === 'FINISH' ? 'good' : 'plain',
      };
    case 'fault':
      return {
        kind: 'fault',
        title: activity.fault,
        detail: 'strikes now',
        status: `${activity.remaining} left`,
        tone: 'warn',
      };
  }
}

function describeFunction(activity: Recorded<'function'>): ActivityText {
  const { status, milliseconds, log, method } = activity;
  const isRead = activity.function === 'uploads' && method === 'GET';
  const facts = ['eventType', 'code', 'reason', 'uploadId', 'fileId']
    .flatMap((name) => log.map((line) => line[name]))
    .filter((value) => typeof value === 'string');
  const counts = ['accepted', 'refused', 'unsent']
    .flatMap((name) => log.map((line) => ({ name, count: line[name] })))
    .flatMap(({ name, count }) =>
      typeof count === 'number' && count > 0 ? `${count} ${name}` : [],
    );
  return {
    kind: isRead ? 'read' : 'function',
    title: method === 'DELETE' ? `${activity.function} ${method}` : activity.function,
    detail: [`${Math.round(milliseconds)} ms`, ...facts, ...counts].join(', '),
    status: String(status),
    tone: isSuccess(status) ? 'good' : 'bad',
  };
}

function describeWebhook(activity: Recorded<'webhook'>): ActivityText {
  const { verified, eventType, attempt, status, uploadId, fileId, webhookId } = activity;
  const facts = [
    attempt > 1 ? `delivery ${attempt}` : '',
    verified ? '' : 'its signature does not match',
    uploadId ?? fileId ?? webhookId,
  ];
  return {
    kind: 'webhook',
    title: eventType || 'Webhook',
    detail: facts.filter(Boolean).join(', '),
    status: status === 0 ? 'too slow' : String(status),
    tone: isSuccess(status) ? 'good' : 'bad',
  };
}

function describeSweepRun(activity: Recorded<'sweep'>): ActivityText {
  const { firedBy, milliseconds, summary, failed } = activity;
  const steps = describeSweep(summary).map(({ name, text }) => `${name}: ${text}`);
  const found = steps.length === 0 ? 'nothing to do' : steps.join('; ');
  return {
    kind: 'function',
    title: 'sweep',
    detail: [`${Math.round(milliseconds)} ms`, firedBy, found].join(', '),
    status: failed ? 'failed' : 'done',
    tone: failed ? 'bad' : 'good',
  };
}

function describeUgcCall({ action, code, message, fileId, host }: Recorded<'ugc'>): ActivityText {
  const isFine = code === 0;
  return {
    kind: 'api',
    title: action,
    detail: isFine ? (fileId ?? host) : message,
    status: isFine ? 'ok' : String(code),
    tone: isFine ? 'good' : 'bad',
  };
}

function describeApiCall({ action, code, message, requestId }: Recorded<'api'>): ActivityText {
  const isFine = code === undefined;
  return {
    kind: 'api',
    title: action || 'Unnamed call',
    detail: isFine ? requestId : [code, message].filter(Boolean).join(': '),
    status: isFine ? 'ok' : 'refused',
    tone: isFine ? 'good' : 'bad',
  };
}

function describePull(activity: Recorded<'pull'>): ActivityText {
  const { status, progress, url, errCode = 0, message, fileId } = activity;
  if (status === 'FINISH') {
    const isMade = errCode === 0;
    return {
      kind: 'pull',
      title: isMade ? 'Pull done' : 'Pull failed',
      detail: [url, isMade ? fileId : message].filter(Boolean).join(', '),
      status: isMade ? 'media' : String(errCode),
      tone: isMade ? 'good' : 'bad',
    };
  }
  const isWaiting = status === 'WAITING';
  return {
    kind: 'pull',
    title: isWaiting ? 'Pull waits' : 'Pull fetches',
    detail: url,
    status: isWaiting ? 'queued' : `${progress} %`,
    tone: 'plain',
  };
}

/** Returns whether the SDK sends this request to find the fastest region. */
export function isRegionProbe({ operation }: Recorded<'storage'>): boolean {
  return operation === 'HEAD' || operation.startsWith('HeadBucket');
}

function describeStorage(activity: Recorded<'storage'>): ActivityText {
  const { operation, status, code, partNumber, bytes, key, bucket } = activity;
  const isProbe = isRegionProbe(activity);
  const facts = [
    partNumber === undefined ? '' : `part ${partNumber}`,
    bytes === undefined ? '' : formatBytes(bytes),
    code ?? '',
    partNumber === undefined ? key || bucket : '',
  ];
  const refusal = code === 'IncompleteBody' ? 'warn' : 'bad';
  return {
    kind: partNumber === undefined ? 'storage' : 'part',
    title: isProbe ? 'Region probe' : operation,
    detail: facts.filter(Boolean).join(', '),
    status: String(status),
    // The SDK compares regions by unsigned requests, for which a refusal is a good answer, too.
    tone: isSuccess(status) ? 'good' : isProbe ? 'plain' : refusal,
  };
}

function describeNotification(activity: Recorded<'notification'>): ActivityText {
  const { eventType, attempt, outcome, status, error, fileId } = activity;
  const isReceived = isSuccess(status);
  const facts = [attempt > 1 ? `attempt ${attempt}` : '', error ?? '', fileId ?? ''];
  return {
    kind: 'event',
    title: eventType,
    detail: facts.filter(Boolean).join(', '),
    status: status === undefined ? outcome : String(status),
    tone: isReceived ? 'good' : outcome === 'held' ? 'warn' : 'bad',
  };
}
