import { randomUUID } from 'node:crypto';
import { ConfigError } from '../config-error.ts';
import { LedgerError } from '../ledger/ledger-error.ts';
import { Problem } from '../problem.ts';
import type { Deadline } from '../system.ts';

/** What a function knows about the call that it serves. */
export interface Invocation {
  readonly requestId: string;
  /** Fields of the invocation's log line; the function adds to them. */
  readonly log: LogFields;
  /** When the platform ends the call. */
  readonly deadline: Deadline;
}

/** An invocation whose log line is still to be written. */
export interface OpenInvocation extends Invocation {
  /** Nanoseconds on the process's monotonic clock. */
  readonly startedAt: bigint;
}

/** Returns the invocation of the function `name` that the platform's `context` describes. */
export function beginInvocation(name: string, context: unknown): OpenInvocation {
  const scf = toRecord(context);
  const given: unknown = Reflect.get(scf, 'request_id');
  const requestId = typeof given === 'string' && given !== '' ? given : randomUUID();
  return {
    requestId,
    // Not `performance`, which Node.js loads at its first use: a cold start would wait more than a millisecond for it.
    startedAt: process.hrtime.bigint(),
    log: { level: 'info', function: name, requestId },
    deadline: { left: () => readRemaining(scf) },
  };
}

/** Writes the one log line of an invocation that has ended. */
export function endInvocation({ log, startedAt }: OpenInvocation): void {
  log.milliseconds = Math.round(Number(process.hrtime.bigint() - startedAt) / 10_000) / 100;
  writeLogLine(log);
}

/** Returns the milliseconds that the platform leaves for the call, without a limit if it does not say. */
function readRemaining(context: object): number {
  const tell: unknown = Reflect.get(context, 'getRemainingTimeInMillis');
  const milliseconds: unknown = typeof tell === 'function' ? tell.call(context) : undefined;
  return typeof milliseconds === 'number' ? milliseconds : Number.POSITIVE_INFINITY;
}

/** Returns the log fields for `error`; those of an unexpected one are only its name and place. */
export function toErrorLogFields(error: unknown): LogFields {
  if (error instanceof Problem) return explainProblem(error);
  if (error instanceof LedgerError) {
    const code = error.isTransient ? 'ledger_unavailable' : 'internal';
    return { code, reason: error.message, ...describeLedgerError(error) };
  }
  if (error instanceof ConfigError) {
    return { level: 'error', code: 'internal', reason: error.message, fields: error.variables };
  }
  if (!(error instanceof Error)) return { level: 'error', code: 'internal', error: typeof error };
  // The message may quote the request, so only the place is logged.
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
    // The sentence about an invalid field contains its name, which may be any text.
    ...(errors === undefined
      ? { reason: message }
      : { fields: errors.map(({ path }) => path).filter(isFieldName) }),
    ...(vod === undefined ? {} : { vodCode: vod.code, vodRequestId: vod.requestId }),
    ...(cause instanceof LedgerError ? describeLedgerError(cause) : {}),
  };
}

/** What does not pass, such as a database that is older than the code, needs the operator. */
function describeLedgerError({ isTransient, code }: LedgerError): LogFields {
  return { level: isTransient ? 'warn' : 'error', databaseCode: code };
}

/** The caller chooses the names of unknown fields; a text that does not look like a name is not logged. */
function isFieldName(path: string): boolean {
  return /^[A-Za-z0-9.-]{1,40}$/.test(path);
}

/** Returns the service of `open`, which is opened at the first call; if that fails, the next call tries again. */
export function openOnce<Service>(open: () => Service): () => Service {
  let opened: { readonly service: Service } | undefined;
  return () => {
    opened ??= { service: open() };
    return opened.service;
  };
}

/** Returns `value` if it is an object, else an empty object. */
export function toRecord(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

/** Every field that a log line may have. */
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
  /** Names of the fields of the request, or of the variables, that were wrong. */
  fields?: readonly string[];
  /** Name of an unexpected error, and its stack without the message. */
  error?: string;
  stack?: string;
  /** VOD's code for a call that it refused, and the id that its support asks for. */
  vodCode?: string;
  vodRequestId?: string;
  /** Error code of the database, its driver or the socket. */
  databaseCode?: string;
  owner?: string;
  /** Application of VOD, if it is a tenant's or one of several. */
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
  /** An item that could not be processed because of the item itself: its kind, its id, and its failures so far. */
  item?: { readonly kind: string; readonly id: string; readonly attempts: number };
  /** Part of a sweep. */
  step?: string;
  /** Counts of each part of a sweep. */
  steps?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Work that a sweep has left. */
  backlog?: object;
  /** Number of failures in a sweep, by reason. */
  errors?: Readonly<Record<string, number>>;
  /** Whether a sweep ended because time ran out. */
  outOfTime?: boolean;
  /** Index of the key that proved a notification. */
  signKey?: number;
  /** Whether a tenant's application signed with the key of the service's own application. */
  sharedSignKey?: boolean;
  /**
   * VOD's answer about a notification. `kept`: VOD could not be asked yet, or did not show the file yet; `absent`: the
   * file is gone, as another notification reported.
   */
  confirmation?: 'confirmed' | 'denied' | 'kept' | 'absent' | 'unconfirmable';
  /** Of an event that could not be stored: a piece of its JSON, and which piece of how many it is, such as `1/2`. */
  event?: string;
  piece?: string;
  /** Files of a deletion that VOD is not asked about now, and events above the limit for this minute. */
  surplusFiles?: number;
  surplusEvents?: number;
  /** Count of files that were not recorded, since the limit for one day was reached. */
  surplus?: number;
  /** Whether an event was new. */
  fresh?: boolean;
  /** Count of messages that consumers accepted. */
  delivered?: number;
  /** Id of a target, as in `GET /uploads/endpoints`. */
  endpoint?: string;
}

/** Every field that is written; without one of {@link LogFields} this does not compile. */
const NAMES = new Set(
  Object.keys({
    ...{ level: 1, function: 1, requestId: 1, method: 1, status: 1, milliseconds: 1, code: 1 },
    ...{ reason: 1, fields: 1, error: 1, stack: 1, vodCode: 1, vodRequestId: 1, databaseCode: 1 },
    ...{ owner: 1, subAppId: 1, uploadId: 1, uploadMethod: 1, eventId: 1, eventType: 1, fileId: 1 },
    ...{ fileIds: 1, taskId: 1, taskStatus: 1, taskErrCode: 1, sourceType: 1, items: 1 },
    ...{ accepted: 1, refused: 1, unsent: 1, item: 1, step: 1, steps: 1, backlog: 1, errors: 1 },
    ...{ outOfTime: 1, signKey: 1, sharedSignKey: 1, confirmation: 1, surplusFiles: 1 },
    ...{ surplusEvents: 1, event: 1, piece: 1, surplus: 1, fresh: 1, delivered: 1, endpoint: 1 },
  } satisfies Record<keyof LogFields, 1>),
);

const isNamed = (name: string) => NAMES.has(name);

/**
 * Returns `fields` as one line of JSON. Fields that {@link LogFields} does not name are never written, so no body,
 * token or signature is logged by accident.
 */
function formatLogLine(fields: LogFields): string {
  // Nearly always all names are known. Otherwise the filter also applies to the members inside the fields.
  return Object.keys(fields).every(isNamed)
    ? JSON.stringify(fields)
    : JSON.stringify(fields, [...NAMES]);
}

/** Writes one line to standard output, where the platform collects it. */
export function writeLogLine(fields: LogFields): void {
  process.stdout.write(`${formatLogLine(fields)}\n`);
}
