/** Everything that a log line may hold. */
export interface LogFields {
  level?: 'info' | 'warn' | 'error';
  function?: string;
  requestId?: string;
  method?: string;
  status?: number;
  milliseconds?: number;
  /** Problem code of a refusal. */
  code?: string;
  /** Why, in a sentence for the operator. */
  reason?: string;
  /** Which fields of the request, or which variables, were wrong. Names only. */
  fields?: readonly string[];
  /** Name of an unexpected error, and where it came from. */
  error?: string;
  stack?: string;
  /** What VOD said of a call that it refused: its code, and the id that its support asks for. */
  vodCode?: string;
  vodRequestId?: string;
  owner?: string;
  uploadId?: string;
  uploadMethod?: string;
  /** The same each time that VOD reports the same fact. */
  eventId?: string;
  eventType?: string;
  fileId?: string;
  fileIds?: readonly string[];
  taskId?: string;
  taskStatus?: string;
  taskErrCode?: number;
  sourceType?: string;
  /** Counts of a batch. */
  items?: number;
  accepted?: number;
  refused?: number;
  unsent?: number;
  /** Place of the key that proved a notification, counted from 0. */
  signKey?: number;
}

/**
 * Answers `fields` as one line of JSON. What is not named here is never written, whatever the object holds, so no
 * body, token or signature ends in a log by accident.
 */
function formatLogLine(fields: LogFields): string {
  return JSON.stringify({
    level: fields.level,
    function: fields.function,
    requestId: fields.requestId,
    method: fields.method,
    status: fields.status,
    milliseconds: fields.milliseconds,
    code: fields.code,
    reason: fields.reason,
    fields: fields.fields,
    error: fields.error,
    stack: fields.stack,
    vodCode: fields.vodCode,
    vodRequestId: fields.vodRequestId,
    owner: fields.owner,
    uploadId: fields.uploadId,
    uploadMethod: fields.uploadMethod,
    eventId: fields.eventId,
    eventType: fields.eventType,
    fileId: fields.fileId,
    fileIds: fields.fileIds,
    taskId: fields.taskId,
    taskStatus: fields.taskStatus,
    taskErrCode: fields.taskErrCode,
    sourceType: fields.sourceType,
    items: fields.items,
    accepted: fields.accepted,
    refused: fields.refused,
    unsent: fields.unsent,
    signKey: fields.signKey,
  } satisfies Required<{ [Field in keyof LogFields]: LogFields[Field] | undefined }>);
}

/** Writes one line to standard output, where the platform collects it. */
export function writeLogLine(fields: LogFields): void {
  process.stdout.write(`${formatLogLine(fields)}\n`);
}
