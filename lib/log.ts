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
  /** What the database, its driver or the socket calls its failure. */
  databaseCode?: string;
  owner?: string;
  /** Application of VOD, where it is a tenant's or one of several. */
  subAppId?: number;
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
  /** An item that could not be processed for a reason of its own: what it is, its name, and its failures so far. */
  item?: { readonly kind: string; readonly id: string; readonly attempts: number };
  /** Part of a sweep. */
  step?: string;
  /** What each part of a sweep has counted. */
  steps?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What a sweep left to do. */
  backlog?: object;
  /** How often something failed in a sweep, by its reason. */
  errors?: Readonly<Record<string, number>>;
  /** Whether a sweep ended for want of time. */
  outOfTime?: boolean;
  /** Place of the key that proved a notification, counted from 0. */
  signKey?: number;
  /** Whether a tenant's application has signed with the key of the service's own. */
  sharedSignKey?: boolean;
  /**
   * What VOD itself said to a notification; `kept` is one that VOD could not be asked about yet, or whose file it did not
   * show yet, and `absent` one whose file is gone, as another notification told.
   */
  confirmation?: 'confirmed' | 'denied' | 'kept' | 'absent' | 'unconfirmable';
  /** Of an event that could not be kept: a piece of its JSON, and its place of how many, as `1/2`. */
  event?: string;
  piece?: string;
  /** Files of a deletion that VOD is not asked about now, and events of this minute that are too many to be taken. */
  surplusFiles?: number;
  surplusEvents?: number;
  /** Count of files that were not noted, since so many were within a day. */
  surplus?: number;
  /** Whether an event was new. */
  fresh?: boolean;
  /** Count of messages that consumers took. */
  delivered?: number;
  /** Somebody who is told, by the id that `GET /uploads/endpoints` has. */
  endpoint?: string;
}

const NAMES: Readonly<Record<keyof LogFields, true>> = {
  level: true,
  function: true,
  requestId: true,
  method: true,
  status: true,
  milliseconds: true,
  code: true,
  reason: true,
  fields: true,
  error: true,
  stack: true,
  vodCode: true,
  vodRequestId: true,
  databaseCode: true,
  owner: true,
  subAppId: true,
  uploadId: true,
  uploadMethod: true,
  eventId: true,
  eventType: true,
  fileId: true,
  fileIds: true,
  taskId: true,
  taskStatus: true,
  taskErrCode: true,
  sourceType: true,
  items: true,
  accepted: true,
  refused: true,
  unsent: true,
  item: true,
  step: true,
  steps: true,
  backlog: true,
  errors: true,
  outOfTime: true,
  signKey: true,
  sharedSignKey: true,
  confirmation: true,
  surplusFiles: true,
  surplusEvents: true,
  event: true,
  piece: true,
  surplus: true,
  fresh: true,
  delivered: true,
  endpoint: true,
};

/**
 * Answers `fields` as one line of JSON. What {@link LogFields} does not name is never written, whatever the object
 * holds, so no body, token or signature ends in a log by accident.
 */
function formatLogLine(fields: LogFields): string {
  const isNamed = (name: string) => Object.hasOwn(NAMES, name);
  // Nearly always all are, and then nothing need be copied.
  if (Object.keys(fields).every(isNamed)) return JSON.stringify(fields);
  return JSON.stringify(
    Object.fromEntries(Object.entries(fields).filter(([name]) => isNamed(name))),
  );
}

/** Writes one line to standard output, where the platform collects it. */
export function writeLogLine(fields: LogFields): void {
  process.stdout.write(`${formatLogLine(fields)}\n`);
}
