import { randomUUID } from 'node:crypto';
import { ConfigError } from '../config-error.ts';
import { LedgerError } from '../ledger/ledger-error.ts';
import { Problem } from '../problem.ts';
import type { Deadline } from '../system.ts';
import { type LogFields, writeLogLine } from './log.ts';

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
