import { isJsonObject } from '../../../lib/validation/json-object.ts';
import { type Message, readSubject } from '../../../lib/webhooks/message.ts';
import { showText } from '../show-text.ts';
import type { Forwarded } from './forward.ts';

/** A message, and the event that it is about. */
export interface ReceivedMessage {
  /** Undefined if no ledger has the event. */
  readonly eventId?: string | undefined;
  readonly message: Message;
}

/** Returns the message in an answer of the API; undefined if it is not one. */
export function readMessage(value: unknown): Message | undefined {
  if (!isJsonObject(value)) return undefined;
  const { id, type, timestamp, data } = value;
  const isComplete = [id, type, timestamp].every((text) => typeof text === 'string');
  // Its type decides nothing here; another version of the functions may have others.
  return isComplete && isJsonObject(data) ? (value as unknown as Message) : undefined;
}

/** How a message and the answer of its consumer are shown. */
export interface LineOptions {
  /** Whether a machine reads it: one JSON object a line. */
  readonly json: boolean;
  readonly colours: boolean;
}

/** Returns the line about a message and, if it was sent, what its consumer answered. */
export function writeMessageLine(
  { eventId, message }: ReceivedMessage,
  forwarded: Forwarded | undefined,
  { json, colours }: LineOptions,
): string {
  if (json) return `${JSON.stringify({ eventId, message, forwarded })}\n`;
  const { timestamp, type, data } = message;
  const name = typeof data['name'] === 'string' ? data['name'] : '';
  const told = [
    timestamp.replace(/\.\d+Z$/, 'Z'),
    type.padEnd(TYPE_WIDTH),
    readSubject(message),
    ...(name === '' ? [] : [name]),
  ].map(showText);
  const answer = forwarded === undefined ? [] : [`→ ${describeForwarded(forwarded, colours)}`];
  return `${[...told, ...answer].join('  ')}\n`;
}

/** That of `upload.processing`. */
const TYPE_WIDTH = 17;

const RED = 31;
const GREEN = 32;

function describeForwarded({ ok, status, error, milliseconds }: Forwarded, colours: boolean) {
  const answer = status === undefined ? (error ?? 'no answer') : String(status);
  const painted = colours ? `\u001b[${ok ? GREEN : RED}m${answer}\u001b[0m` : answer;
  return `${painted} in ${milliseconds} ms`;
}
