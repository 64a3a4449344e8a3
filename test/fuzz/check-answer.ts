/** Codes of answers with a status of 500 or more that report another service's fault, or that there is no ledger. */
const OTHERS_FAULT = new Set([
  'upstream_denied',
  'upstream_failed',
  'upstream_busy',
  'upstream_timeout',
  'confirmation_unavailable',
  'delivery_failed',
]);

const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The circumstances of a call. */
interface Circumstances {
  /** Whether another service failed on purpose during the call. */
  readonly faulty: boolean;
  readonly hasLedger: boolean;
  /** Whether an answer without a body was requested. */
  readonly isHead: boolean;
}

/** Returns what is wrong with a function's answer to an HTTP trigger; nothing if it is correct. */
export function findFlaws(answer: unknown, circumstances: Circumstances): readonly string[] {
  const { statusCode, headers, body, isBase64Encoded }: Record<string, unknown> = Object(answer);
  if (typeof statusCode !== 'number' || typeof body !== 'string' || isBase64Encoded !== false) {
    return ['is no answer of an HTTP function'];
  }
  const headerFlaws = findHeaderFlaws(Object(headers));
  if (circumstances.isHead) {
    return body === '' ? headerFlaws : [...headerFlaws, 'has a body that nobody gets'];
  }
  return [
    ...headerFlaws,
    ...findBodyFlaws(statusCode, body, String(Reflect.get(Object(headers), 'Content-Type'))),
    ...(statusCode < 500 ? [] : findExcuse(body, circumstances)),
  ];
}

/**
 * Returns what is wrong with the log of this number of calls: each writes one line at its end, in addition to those that
 * hold a piece of a notification that could not be stored, and those about notifications that others have stored.
 */
export function findLogFlaws(output: string, calls: number | undefined): readonly string[] {
  const lines = output.split('\n').slice(0, -1);
  const broken = lines.filter(
    (line) => !line.startsWith('{"level":"') || typeof parse(line) !== 'object',
  );
  const flaws = broken.map((line) => `writes what is no log line: ${line.slice(0, 80)}`);
  const own = lines.map(parse).filter((line) => !isOfEvent(line));
  if (calls === undefined || own.length === calls) return flaws;
  return [...flaws, `writes ${own.length} lines of its own in ${calls} calls`];
}

/** Returns whether a line is about an event, and not about a call, which has taken some time. */
function isOfEvent(line: Readonly<Record<string, unknown>> | undefined): boolean {
  if (line?.['piece'] !== undefined) return true;
  return line?.['milliseconds'] === undefined && line?.['eventId'] !== undefined;
}

function findHeaderFlaws(headers: Record<string, unknown>): readonly string[] {
  const { 'Cache-Control': cache, 'X-Content-Type-Options': options, 'X-Request-Id': id } = headers;
  const unsendable = Object.entries(headers).filter(
    ([name, value]) =>
      !/^[A-Za-z-]+$/.test(name) || typeof value !== 'string' || !HEADER_VALUE.test(value),
  );
  return [
    ...(cache === 'no-store' ? [] : ['may be kept by caches']),
    ...(options === 'nosniff' ? [] : ['may be taken for something else']),
    ...(typeof id === 'string' && id !== '' ? [] : ['has no request id']),
    ...unsendable.map(([name]) => `has a header that cannot be sent: ${name}`),
  ];
}

function findBodyFlaws(status: number, body: string, type: string): readonly string[] {
  if (status === 204 || status === 304) return body === '' ? [] : ['has a body that nobody gets'];
  const parsed = parse(body);
  if (parsed === undefined) return ['is not JSON'];
  const expected = status < 400 ? 'application/json' : 'application/problem+json';
  const flaws = type === `${expected}; charset=utf-8` ? [] : [`has the type ${type}`];
  if (status < 400) return flaws;
  const { status: told, code, title, requestId } = parsed;
  const isProblem = told === status && Boolean(code) && Boolean(title) && Boolean(requestId);
  return isProblem ? flaws : [...flaws, 'is no problem of RFC 9457'];
}

function findExcuse(body: string, { faulty, hasLedger }: Circumstances): readonly string[] {
  const code = String(parse(body)?.['code']);
  if (code === 'ledger_required' && !hasLedger) return [];
  return faulty && OTHERS_FAULT.has(code) ? [] : [`fails with ${code}`];
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return Object(JSON.parse(text));
  } catch {
    return undefined;
  }
}
