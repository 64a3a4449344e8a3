/** Everything a log line may hold. What is not named here is never written, so no body, token or signature is. */
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
  owner?: string;
  uploadId?: string;
  uploadMethod?: string;
  eventType?: string;
  fileId?: string;
  fileIds?: readonly string[];
  taskId?: string;
  taskStatus?: string;
  taskErrCode?: number;
  sourceType?: string;
  signKey?: number;
}

const ALLOWED: readonly (keyof LogFields)[] = [
  'level',
  'function',
  'requestId',
  'method',
  'status',
  'milliseconds',
  'code',
  'reason',
  'fields',
  'error',
  'stack',
  'owner',
  'uploadId',
  'uploadMethod',
  'eventType',
  'fileId',
  'fileIds',
  'taskId',
  'taskStatus',
  'taskErrCode',
  'sourceType',
  'signKey',
];

/** Answers `fields` as one line of JSON, without anything that {@link LogFields} does not name. */
export function formatLogLine(fields: LogFields): string {
  return JSON.stringify(fields, [...ALLOWED]);
}

/** Writes one line to standard output, where the platform collects it. */
export function writeLogLine(fields: LogFields): void {
  process.stdout.write(`${formatLogLine(fields)}\n`);
}
