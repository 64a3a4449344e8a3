import { isUtf8 } from 'node:buffer';
import { Problem, refuseFields } from '../problem.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { MAX_BODY_BYTES } from '../validation/limits.ts';

/**
 * The fields used here that both HTTP triggers of SCF have. All of them come from outside, so all are `unknown`.
 *
 * A Function URL sends lower-case header names and no `isBase64Encoded`; API Gateway sends names as the client wrote
 * them, and sets `isBase64Encoded` if the body is not text.
 *
 * @see https://cloud.tencent.com/document/product/583/96099
 */
export interface HttpEvent {
  readonly httpMethod?: unknown;
  readonly path?: unknown;
  /** Sent by API Gateway only. */
  readonly requestContext?: unknown;
  readonly headers?: unknown;
  readonly queryString?: unknown;
  readonly body?: unknown;
  readonly isBase64Encoded?: unknown;
}

/**
 * Returns the header `name`, which is given in lower case, or undefined if the event has no such text.
 *
 * Of names that differ only in case, the one in lower case is used.
 */
export function readHeader(event: HttpEvent, name: string): string | undefined {
  const { headers } = event;
  if (typeof headers !== 'object' || headers === null) return undefined;
  const exact = readOwnText(headers, name);
  if (exact !== undefined) return exact;
  for (const candidate of Object.keys(headers)) {
    if (candidate.length === name.length && candidate.toLowerCase() === name) {
      return readOwnText(headers, candidate);
    }
  }
  return undefined;
}

/**
 * Throws if the query has one of `fields`, which belong in the body: if they were ignored, the caller would take them
 * as granted.
 *
 * @throws {Problem} `invalid_request` that names each of them.
 */
export function refuseInQuery(event: HttpEvent, fields: object): void {
  const misplaced = Object.keys(readQueryFields(event)).filter((name) =>
    Object.hasOwn(fields, name),
  );
  if (misplaced.length === 0) return;
  const message = 'must be in the JSON body; here it is in the query';
  throw refuseFields(misplaced.map((path) => ({ path, message })));
}

/** Returns all query parameters; a trigger may send a repeated one as a list. */
export function readQueryFields({ queryString }: HttpEvent): Readonly<Record<string, unknown>> {
  return isJsonObject(queryString) ? queryString : {};
}

/**
 * Returns the parts of the path that follow the segment `root`.
 *
 * A Function URL has no such segment, since the host belongs to one function; API Gateway may put its stage in front:
 * https://cloud.tencent.com/document/product/583/12513.
 */
export function readPath({ path, requestContext }: HttpEvent, root: string): readonly string[] {
  const segments = typeof path === 'string' ? path.split('/').filter((part) => part !== '') : [];
  const place = segments.lastIndexOf(root);
  if (place >= 0) return segments.slice(place + 1);
  const stage = isJsonObject(requestContext) ? requestContext['stage'] : undefined;
  return segments[0] === stage ? segments.slice(1) : segments;
}

/** What one method of one path does: `/uploads/:uploadId` has any segment in the place of `:uploadId`. */
type RouteEntry = readonly [method: string, path: string, ...operation: unknown[]];

/**
 * Returns the entry of a table of routes for a method and the segments of a path. A segment that a path of the table names
 * stands for itself alone: where there is `/endpoints`, it is not another route's `/:uploadId`.
 *
 * @throws {Problem} `not_found` or `method_not_allowed`.
 */
export function matchRoute<Entry extends RouteEntry>(
  table: readonly Entry[],
  method: string,
  segments: readonly string[],
): Entry {
  const found = segments
    .reduce(
      (entries, segment, place) => {
        const named = entries.filter(({ parts }) => parts[place] === segment);
        if (named.length > 0) return named;
        return entries.filter(({ parts }) => parts[place]?.startsWith(':'));
      },
      table.map((entry) => ({ entry, parts: entry[1].split('/').filter((part) => part !== '') })),
    )
    .filter(({ parts }) => parts.length === segments.length)
    .map(({ entry }) => entry);
  if (found.length === 0)
    throw new Problem('There is nothing at this path.', { code: 'not_found' });
  const entry = found.find(([each]) => each === method);
  if (entry === undefined) {
    throw methodNotAllowed(
      method,
      found.map(([each]) => each),
    );
  }
  return entry;
}

/** Returns the problem of a request whose method is none of `methods`. */
export function methodNotAllowed(method: string, methods: readonly string[]): Problem {
  return new Problem(`Cannot ${method || 'call'} here: use ${methods.join(' or ')}.`, {
    code: 'method_not_allowed',
    headers: { Allow: listMethods(methods) },
  });
}

/** Returns the value of the header `Allow` where these methods are answered; a HEAD is a GET without the body. */
export function listMethods(methods: readonly string[]): string {
  const all = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  return [...all, 'OPTIONS'].join(', ');
}

/** Returns the query parameter `name`, or undefined if the event has no such text. */
export function readQuery(event: HttpEvent, name: string): string | undefined {
  const { queryString } = event;
  return typeof queryString === 'object' && queryString !== null
    ? readOwnText(queryString, name)
    : undefined;
}

/**
 * Returns the JSON value of the body, or `absent` if there is none: also if it is null, as that of a program without a value,
 * or has nothing but white space. The event is not changed.
 *
 * @throws {Problem} `payload_too_large` or `invalid_json`.
 */
export function readJsonBody(event: HttpEvent, absent?: unknown): unknown {
  const text = readBodyText(event, MAX_BODY_BYTES);
  // This matches a byte order mark, too.
  if (/^\s*$/.test(text)) return absent;
  const value = parseJsonBody(event, text);
  if (isDamaged(event, text)) {
    throw new Problem('Cannot read the body: it must be UTF-8.', { code: 'invalid_json' });
  }
  return value ?? absent;
}

/** Returns whether characters of `text` stand for bytes of the body that are not UTF-8. */
function isDamaged(event: HttpEvent, text: string): boolean {
  if (!text.includes(REPLACEMENT)) return false;
  return event.isBase64Encoded === true
    ? !isUtf8(Buffer.from(String(event.body), 'base64'))
    : OTHER_CHARSET.test(readHeader(event, 'content-type') ?? '');
}

/** What a decoder has written in place of such bytes, or a caller sends itself. */
const REPLACEMENT = '\ufffd';

/** Where the trigger has decoded the body, only its charset shows that: https://www.rfc-editor.org/rfc/rfc9110#section-8.3.2. */
const OTHER_CHARSET = /;\s*charset=(?!"?utf-?8\b)/i;

/**
 * Returns the text of the body, which is empty if there is no body; a trigger may pass it in Base64.
 *
 * @param maxBytes largest body that is read.
 * @throws {Problem} `payload_too_large`, or `invalid_json` if the body is not text.
 */
export function readBodyText(event: HttpEvent, maxBytes: number): string {
  const body = event.body ?? '';
  if (typeof body !== 'string') {
    throw new Problem('Cannot read the body: it must be JSON text.', { code: 'invalid_json' });
  }
  const encoding = event.isBase64Encoded === true ? 'base64' : undefined;
  if (Buffer.byteLength(body, encoding) > maxBytes) {
    throw new Problem(`Cannot read the body: it must have at most ${maxBytes} bytes.`, {
      code: 'payload_too_large',
    });
  }
  return encoding ? Buffer.from(body, encoding).toString() : body;
}

/**
 * Returns the JSON value of `text`, the body of `event`.
 *
 * @throws {Problem} `invalid_json` that says what it is instead.
 */
export function parseJsonBody(event: HttpEvent, text: string): unknown {
  try {
    // Some clients send a byte order mark first, which a parser may ignore:
    // https://www.rfc-editor.org/rfc/rfc8259#section-8.1.
    return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text);
  } catch (cause) {
    // The parser's own message quotes the body, so it is only the cause.
    throw new Problem(`Cannot read the body: ${explainMalformed(event, text)}.`, {
      code: 'invalid_json',
      cause,
    });
  }
}

const BYTE_ORDER_MARK = 0xfeff;

/** Returns what a body that is not JSON is instead, if its headers or its first characters show it. */
function explainMalformed(event: HttpEvent, text: string): string {
  const coding = readHeader(event, 'content-encoding') ?? 'identity';
  if (coding !== 'identity') return 'it must not be compressed, and has a Content-Encoding';
  const type = readHeader(event, 'content-type') ?? '';
  if (FORM.test(type)) return 'it must be JSON, and its Content-Type is that of a form';
  if (text.startsWith('[object ')) {
    return 'it is "[object …]", an object that was sent without JSON.stringify';
  }
  return 'it is not well-formed JSON';
}

/** https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#form-submission-attributes */
const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i;

function readOwnText(record: object, name: string): string | undefined {
  const value: unknown = Object.hasOwn(record, name) ? Reflect.get(record, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}
