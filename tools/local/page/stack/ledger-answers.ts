import { isRecord } from './problem.ts';

/** An upload in the form of the `uploads` function. */
export interface LedgerUpload {
  readonly uploadId: string;
  readonly method: string;
  readonly state: string;
  readonly name: string;
  readonly fileId: string;
  readonly taskId: string;
  /** Application of VOD that it is in; null if unknown. */
  readonly subAppId: number | null;
  readonly mediaUrl: string;
  readonly coverUrl: string;
  /** In bytes; null if unknown. */
  readonly size: number | null;
  /** In seconds. */
  readonly duration: number | null;
  /** What went wrong; empty texts if nothing did. */
  readonly problem: {
    readonly code: string;
    readonly detail: string;
    /** VOD's own code; null if there is none. */
    readonly vodErrCode: number | null;
  };
  readonly createdAt: Date;
}

/** The delivery of an event to a consumer. */
export interface LedgerDelivery {
  readonly endpoint: string;
  readonly state: string;
  readonly attempts: number;
  readonly lastError: string;
  /** Null if there is no further attempt. */
  readonly nextAttemptAt: Date | null;
}

/** An event of an upload, and its deliveries. */
export interface LedgerEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly receivedAt: Date;
  readonly confirmed: boolean;
  readonly deliveries: readonly LedgerDelivery[];
}

/** An action on the media of an upload, done or planned. */
export interface LedgerAction {
  readonly fileId: string;
  readonly kind: string;
  readonly state: string;
  readonly attempts: number;
  readonly lastError: string;
  readonly updatedAt: Date;
}

/** Everything that the ledger knows about one upload. */
export interface UploadLife {
  readonly upload: LedgerUpload;
  /** Oldest first. */
  readonly events: readonly LedgerEvent[];
  readonly actions: readonly LedgerAction[];
}

const UNFINISHED: readonly string[] = ['issued', 'uploaded', 'processing'];

/** Returns whether an upload has not ended, so that it can be cancelled. */
export function isUnfinished({ state }: LedgerUpload): boolean {
  return UNFINISHED.includes(state);
}

/** Returns what went wrong with an upload; empty if nothing did. */
export function describeProblem({ problem }: LedgerUpload): string {
  const { code, detail, vodErrCode } = problem;
  const name = vodErrCode === null ? code : `${code} (${vodErrCode})`;
  return [name, detail].filter(Boolean).join(': ');
}

/** Some of the uploads, newest first. */
export interface UploadList {
  readonly uploads: readonly LedgerUpload[];
  /** Absent if there are no older ones. */
  readonly cursor?: string;
}

/** Reads the answer to `GET /uploads`. */
export function readUploads(answer: unknown): UploadList {
  const cursor = isRecord(answer) ? readText(answer, 'cursor') : '';
  const uploads = readList(answer, 'items').map(readUpload);
  return { uploads, ...(cursor === '' ? {} : { cursor }) };
}

/** Reads an upload. */
export function readUpload(answer: unknown): LedgerUpload {
  const fields = isRecord(answer) ? answer : {};
  const text = (name: string) => readText(fields, name);
  const problem = isRecord(fields['problem']) ? fields['problem'] : {};
  return {
    uploadId: text('uploadId'),
    method: text('method'),
    state: text('state'),
    name: text('name'),
    fileId: text('fileId'),
    taskId: text('taskId'),
    subAppId: readNumber(fields['subAppId']),
    mediaUrl: text('mediaUrl'),
    coverUrl: text('coverUrl'),
    size: readNumber(fields['size']),
    duration: readNumber(fields['duration']),
    problem: {
      code: readText(problem, 'code'),
      detail: readText(problem, 'detail') || readText(problem, 'title'),
      vodErrCode: readNumber(problem['vodErrCode']),
    },
    createdAt: readDate(fields['createdAt']),
  };
}

/** Reads the answer to `GET /uploads/{uploadId}/events`. */
export function readEvents(answer: unknown): Pick<UploadLife, 'events' | 'actions'> {
  return {
    events: readList(answer, 'events').map((event) => ({
      eventId: readText(event, 'eventId'),
      eventType: readText(event, 'eventType'),
      receivedAt: readDate(event['receivedAt']),
      confirmed: event['confirmed'] !== false,
      deliveries: readList(event, 'deliveries').map(readDelivery),
    })),
    actions: readList(answer, 'actions').map((action) => ({
      ...readProgress(action),
      fileId: readText(action, 'fileId'),
      kind: readText(action, 'kind'),
      updatedAt: readDate(action['updatedAt']),
    })),
  };
}

function readDelivery(delivery: Readonly<Record<string, unknown>>): LedgerDelivery {
  const { nextAttemptAt } = delivery;
  return {
    ...readProgress(delivery),
    endpoint: readText(delivery, 'endpoint'),
    nextAttemptAt: nextAttemptAt === undefined ? null : readDate(nextAttemptAt),
  };
}

function readProgress(fields: Readonly<Record<string, unknown>>) {
  return {
    state: readText(fields, 'state'),
    attempts: readNumber(fields['attempts']) ?? 0,
    lastError: readText(fields, 'lastError'),
  };
}

function readList(answer: unknown, name: string): readonly Readonly<Record<string, unknown>>[] {
  const list = isRecord(answer) ? answer[name] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function readText(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function readNumber(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** Times are ISO 8601. */
function readDate(value: unknown): Date {
  return new Date(typeof value === 'string' || typeof value === 'number' ? value : Number.NaN);
}
