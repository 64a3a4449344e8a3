import { isJsonObject } from '../validation/json-object.ts';
import type { Message } from './message.ts';

/** What tells a consumer where to look, in the words of an upload and in VOD's. */
const IDENTIFIERS: ReadonlySet<string> = new Set([
  ...[
    'uploadId',
    'method',
    'state',
    'owner',
    'subAppId',
    'fileId',
    'taskId',
    'createdAt',
    'updatedAt',
  ],
  ...[
    'confirmed',
    'EventType',
    'EventHandle',
    'SubAppId',
    'FileId',
    'TaskId',
    'Status',
    'ErrCode',
    'ErrCodeExt',
  ],
]);

/** Longest identifier that is kept; all of them together stay far below any limit. */
const MAX_IDENTIFIER = 256;

/**
 * Returns `message` as the JSON text that is signed and sent, in at most `maxBytes` bytes.
 *
 * A message that is larger becomes a thin one, which says so (`dataOmitted`) and whose data are identifiers: consumers
 * look up the rest by them.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#thin-vs-full-payloads
 */
export function writeMessageBody(message: Message, maxBytes: number): string {
  const { id, type, timestamp, data } = message;
  const body = JSON.stringify({ id, type, timestamp, data });
  const bytes = Buffer.byteLength(body);
  if (bytes <= maxBytes) return body;
  const thin = pickIdentifiers(data);
  return JSON.stringify({ id, type, timestamp, dataOmitted: { bytes, maxBytes }, data: thin });
}

/** Returns the one thing that `message` is about: its upload, file or task, or else the message itself. */
export function readSubject(message: Message): string {
  const found = [message.data, ...Object.values(message.data).filter(isJsonObject)];
  for (const name of ['uploadId', 'FileId', 'TaskId']) {
    for (const fields of found) {
      const value = fields[name];
      if (typeof value === 'string' && value !== '' && value.length <= MAX_IDENTIFIER) {
        return value;
      }
    }
  }
  return message.id;
}

function pickIdentifiers(data: Message['data']): Record<string, unknown> {
  const entries = Object.entries(data);
  // A notification has one member that is about its type, under a name of its own.
  const task = entries.find(([name, value]) => /^\w{1,64}Event$/.test(name) && isJsonObject(value));
  const inner = task === undefined ? [] : Object.entries(Object(task[1])).filter(isIdentifier);
  return {
    ...Object.fromEntries(entries.filter(isIdentifier)),
    ...(task === undefined ? {} : { [task[0]]: Object.fromEntries(inner) }),
  };
}

function isIdentifier([name, value]: readonly [string, unknown]): boolean {
  if (!IDENTIFIERS.has(name)) return false;
  if (typeof value === 'string') return value.length <= MAX_IDENTIFIER;
  return typeof value === 'number' || typeof value === 'boolean';
}
