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
  /** Whether a sweep ended because time ran out. */
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

/** The words of a text. */
type Word<
  Text extends string,
  Before extends string = never,
> = Text extends `${infer First} ${infer Rest}` ? Word<Rest, Before | First> : Before | Text;

/** Returns the words of `names`; where a field of {@link LogFields} is not among them it does not compile. */
function listNames<Names extends string>(
  names: Names & (keyof LogFields extends Word<Names> ? unknown : never),
): readonly string[] {
  return names.split(' ');
}

/** Every field that is written. As one text it is shortest, and each function's bundle has it. */
const NAMES = new Set(
  listNames(
    `level function requestId method status milliseconds code reason fields error stack vodCode vodRequestId databaseCode owner subAppId uploadId uploadMethod eventId eventType fileId fileIds taskId taskStatus taskErrCode sourceType items accepted refused unsent item step steps backlog errors outOfTime signKey sharedSignKey confirmation surplusFiles surplusEvents event piece surplus fresh delivered endpoint`,
  ),
);

const isNamed = (name: string) => NAMES.has(name);

/**
 * Returns `fields` as one line of JSON. What {@link LogFields} does not name is never written, whatever the object
 * holds, so no body, token or signature ends in a log by accident.
 */
function formatLogLine(fields: LogFields): string {
  // Nearly always all are. Where one is not, what is inside the others is left out but for such names, too.
  return Object.keys(fields).every(isNamed)
    ? JSON.stringify(fields)
    : JSON.stringify(fields, [...NAMES]);
}

/** Writes one line to standard output, where the platform collects it. */
export function writeLogLine(fields: LogFields): void {
  process.stdout.write(`${formatLogLine(fields)}\n`);
}
