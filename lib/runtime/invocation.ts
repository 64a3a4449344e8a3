import { randomUUID } from 'node:crypto';
import { ConfigError } from '../config-error.ts';
import { LedgerError } from '../ledger/ledger-error.ts';
import { Problem } from '../problem.ts';
import type { Deadline } from '../system.ts';

/** What a function knows of the call that it serves. */
export interface Invocation {
  readonly requestId: string;
  /** What is added here ends in the invocation's log line. */
  readonly log: LogFields;
  /** When the platform ends the call. */
  readonly deadline: Deadline;
}

/** An invocation whose log line is still to be written. */
export interface OpenInvocation extends Invocation {
  /** Milliseconds on the process's own clock. */
  readonly startedAt: number;
}

/** Returns the invocation of the function `name` that `context`, the platform's, describes. */
export function beginInvocation(name: string, context: unknown): OpenInvocation {
  const scf = toRecord(context);
  const given: unknown = Reflect.get(scf, 'request_id');
  const requestId = typeof given === 'string' && given !== '' ? given : randomUUID();
  return {
    requestId,
    startedAt: performance.now(),
    log: { level: 'info', function: name, requestId },
    deadline: { left: () => readRemaining(scf) },
  };
}

/** Writes the one log line of an invocation that has ended. */
export function endInvocation({ log, startedAt }: OpenInvocation): void {
  log.milliseconds = Math.round((performance.now() - startedAt) * 100) / 100;
  writeLogLine(log);
}

/** A platform that does not say how long it waits is taken at its word. */
function readRemaining(context: object): number {
  const tell: unknown = Reflect.get(context, 'getRemainingTimeInMillis');
  const milliseconds: unknown = typeof tell === 'function' ? tell.call(context) : undefined;
  return typeof milliseconds === 'number' ? milliseconds : Number.POSITIVE_INFINITY;
}

/** Returns what the log line says of `error`: of an unexpected one its name and place alone. */
export function toErrorLogFields(error: unknown): LogFields {
  if (error instanceof Problem) return explainProblem(error);
  if (error instanceof LedgerError) {
    const { isPassing, message, code } = error;
    return {
      ...(isPassing
        ? { level: 'warn', code: 'ledger_unavailable' }
        : { level: 'error', code: 'internal' }),
      ...{ reason: message, databaseCode: code },
    };
  }
  if (error instanceof ConfigError) {
    return { level: 'error', code: 'internal', reason: error.message, fields: error.variables };
  }
  if (!(error instanceof Error)) return { level: 'error', code: 'internal', error: typeof error };
  // The message may quote what came in, so only the place goes to the log.
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? [];
  return {
    level: 'error',
    code: 'internal',
    error: error.name,
    stack: frames.slice(0, 6).join('\n'),
  };
}

function explainProblem({ code, message, errors, vod, cause }: Problem): LogFields {
  return {
    level: 'warn',
    code,
    // The sentence about a wrong field begins with its name, which may be anything.
    ...(errors === undefined
      ? { reason: message }
      : { fields: errors.map(({ path }) => path).filter(isFieldName) }),
    ...(vod === undefined ? {} : { vodCode: vod.code, vodRequestId: vod.requestId }),
    ...(cause instanceof LedgerError ? { databaseCode: cause.code } : {}),
  };
}

/** Unknown fields have whatever names the caller chose; what does not look like a name is not logged. */
function isFieldName(path: string): boolean {
  return /^[A-Za-z0-9.-]{1,40}$/.test(path);
}

/** Returns `open`'s service, opened at the first call; one that could not be opened is tried again at the next. */
export function openOnce<Service>(open: () => Service): () => Service {
  let opened: { readonly service: Service } | undefined;
  return () => {
    opened ??= { service: open() };
    return opened.service;
  };
}

/** Returns `value` where it has properties to be read, and an object without any elsewhere. */
export function toRecord(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

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
