import { PutError } from './put-error.ts';
import { readRetryAfter } from './retry-after.ts';
import type { IncomingAnswer, OutgoingRequest, Transport } from './transport.ts';

/** An answer of which the body is JSON. */
export interface JsonAnswer extends IncomingAnswer {
  readonly json: Readonly<Record<string, unknown>>;
}

/** A request whose body is JSON. */
export interface JsonRequest
  extends Pick<OutgoingRequest, 'method' | 'url' | 'headers' | 'signal'> {
  /** As it is sent. */
  readonly text?: string;
}

/**
 * Returns the answer to a request.
 *
 * @throws {PutError} without an answer, and for one that is not a JSON object: `unreachable`.
 */
export async function callJson(transport: Transport, request: JsonRequest): Promise<JsonAnswer> {
  const { text, ...rest } = request;
  const bytes = text === undefined ? undefined : Buffer.from(text);
  const answer = await transport.send({
    ...rest,
    ...(bytes === undefined ? {} : { body: { size: bytes.length, chunks: () => [bytes] } }),
  });
  const json = parse(answer.text);
  if (json !== undefined) return { ...answer, json };
  const { status } = answer;
  const { origin, pathname } = request.url;
  const isTransient = status >= 500 || status === 429;
  const advice = isTransient ? '.' : ': check the address.';
  const message = `${origin}${pathname} answers ${status} without JSON${advice}`;
  throw new PutError('unreachable', message, {
    ...{ isTransient, reason: `HTTP ${status}`, retryAfter: readRetryAfter(answer) },
  });
}

function isObject(value: unknown): value is JsonAnswer['json'] {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): JsonAnswer['json'] | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}
