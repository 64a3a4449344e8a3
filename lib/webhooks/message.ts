import { hash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { EventType } from '../model/message-type.ts';
import { removeV1 } from '../model/source-context.ts';
import { formatMilliseconds, type UploadView } from '../uploads/upload-view.ts';
import { defined, isJsonObject } from '../validation/json-object.ts';
import { EVENT_MEMBERS, isVodEventType, replaceSourceContext } from '../vod/event.ts';
import { nameVodEvent } from '../vod/event-id.ts';

/**
 * What consumers are sent, the same at every attempt and for every target.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure
 */
export interface Message {
  /** Sent as `webhook-id`. The same fact has the same id, so consumers recognise a repeat by it. */
  readonly id: string;
  readonly type: EventType;
  /** ISO 8601 time of the fact, not of the attempt. */
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Set if it was too large, and has only identifiers as data. */
  readonly dataOmitted?: unknown;
}

/** An event as VOD confirmed it, or as it was received if VOD cannot be asked about it. */
export interface GenuineVodEvent {
  /** Derived from the event's content, so that it is the same whenever VOD sends the event again. */
  readonly eventId: string;
  readonly raw: Readonly<Record<string, unknown>>;
  /** Application of VOD that reported it; missing if the configuration names none. */
  readonly subAppId?: number | undefined;
  /** Unix milliseconds at which it was first received. */
  readonly receivedAt: number;
  readonly unconfirmed?: true | undefined;
  /** Set if it was recorded with its envelope, which was done before envelopes had a MAC. */
  readonly hasEnvelope?: true | undefined;
}

/** Every field of an upload that is sent to consumers; other fields of an object are not. */
const UPLOAD_FIELDS = Object.keys({
  uploadId: 0,
  method: 0,
  state: 0,
  owner: 0,
  subAppId: 0,
  fileId: 0,
  taskId: 0,
  name: 0,
  mediaUrl: 0,
  coverUrl: 0,
  size: 0,
  duration: 0,
  storageRegion: 0,
  classId: 0,
  procedure: 0,
  sourceContext: 0,
  sessionContext: 0,
  limits: 0,
  problem: 0,
  mediaExpireTime: 0,
  createdAt: 0,
  updatedAt: 0,
  expiresAt: 0,
} satisfies Readonly<Record<keyof UploadView, 0>>);

/** Returns the message that announces the state of `upload`; an upload reaches each state once. */
export function buildUploadMessage(upload: UploadView): Message {
  const type: EventType = `upload.${upload.state}`;
  return {
    id: deriveId(type, upload.uploadId),
    type,
    timestamp: upload.updatedAt,
    data: Object.fromEntries(
      Object.entries(upload).filter(
        ([name, value]) => UPLOAD_FIELDS.includes(name) && value !== undefined,
      ),
    ),
  };
}

/**
 * Returns the message that passes on an event of VOD, without the proof of notifications (`Sign`, `T`), without an
 * envelope, and with the application under VOD's name for it. In one that is not confirmed, `confirmed` is always
 * false.
 */
export function buildVodMessage(event: GenuineVodEvent): Message {
  const { eventId, raw, subAppId, receivedAt, unconfirmed, hasEnvelope } = event;
  const { EventType: name, Sign: _sign, T: _t, ...members } = raw;
  const type = nameVodEvent(name);
  return {
    id: deriveId(type, eventId),
    type,
    timestamp: formatMilliseconds(receivedAt),
    data: {
      EventType: name,
      ...(hasEnvelope ? removeEnvelope(members) : members),
      ...defined({ SubAppId: subAppId, confirmed: unconfirmed && false }),
    },
  };
}

/** An id must not contain a dot, since dots separate the parts of the signed text. */
function deriveId(type: EventType, key: string): string {
  return `msg_${hash('sha256', JSON.stringify([type, key])).slice(0, 32)}`;
}

function removeEnvelope(members: Readonly<Record<string, unknown>>): object {
  const told = Object.entries(members).map(([member, task]) => [
    member,
    replaceSourceContext(task, removeV1),
  ]);
  return Object.fromEntries(told);
}

/** Fields by which a consumer can look up the rest, under the names of an upload and of VOD. */
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

/** Longest identifier that is included; all of them together are far below any limit. */
const MAX_IDENTIFIER = 256;

/**
 * Returns `message` as the JSON text that is signed and sent, in at most `maxBytes` bytes.
 *
 * A larger message becomes a thin one, which is marked by `dataOmitted` and has only identifiers as data, by which
 * consumers look up the rest. Of many deleted files it names as many as fit into half of it.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#thin-vs-full-payloads
 */
export function writeMessageBody(message: Message, maxBytes: number): string {
  const { id, type, timestamp, dataOmitted, data } = message;
  const body = JSON.stringify({ id, type, timestamp, dataOmitted, data });
  const bytes = Buffer.byteLength(body);
  if (bytes <= maxBytes) return body;
  const thin = pickIdentifiers(data, maxBytes / 2);
  return JSON.stringify({ id, type, timestamp, dataOmitted: { bytes, maxBytes }, data: thin });
}

/** Returns the subject of `message`: its upload, file or task, or else the message itself. */
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

function pickIdentifiers(data: Message['data'], listBytes: number): Record<string, unknown> {
  const entries = Object.entries(data);
  const { EventType: type } = data;
  const member = isVodEventType(type) ? EVENT_MEMBERS[type] : undefined;
  // A notification has one member with the content of its type, whose name differs by type.
  const isTask = (name: string) => name === member || /^\w{1,64}Event$/.test(name);
  const task = entries.find(([name, value]) => isTask(name) && isJsonObject(value));
  const own = Object.fromEntries(entries.filter(isIdentifier));
  if (task === undefined) return own;
  const [name, value] = task;
  const fields: Message['data'] = Object(value);
  const { FileIdSet: fileIds } = fields;
  const picked = Object.fromEntries(Object.entries(fields).filter(isIdentifier));
  const files = Array.isArray(fileIds) ? { FileIdSet: takeFiles(fileIds, listBytes) } : {};
  return { ...own, [name]: { ...picked, ...files } };
}

/** Returns the first of these ids, as many as take at most `maxBytes` bytes. */
function takeFiles(fileIds: readonly unknown[], maxBytes: number): readonly string[] {
  const taken: string[] = [];
  let bytes = 0;
  for (const fileId of fileIds) {
    if (typeof fileId !== 'string' || fileId.length > MAX_IDENTIFIER) continue;
    bytes += Buffer.byteLength(JSON.stringify(fileId)) + 1;
    if (bytes > maxBytes) break;
    taken.push(fileId);
  }
  return taken;
}

function isIdentifier([name, value]: readonly [string, unknown]): boolean {
  if (!IDENTIFIERS.has(name)) return false;
  if (typeof value === 'string') return value.length <= MAX_IDENTIFIER;
  return typeof value === 'number' || typeof value === 'boolean';
}

/** Returns the value of `webhook-signature`: one signature for each secret, with a space between them. */
export type SignMessage = (id: string, sentAt: Date, body: string) => string;

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

const PREFIX = 'whsec_';

/** Returns what is wrong with `secret`, without revealing any of it, or undefined if it is valid. */
export function explainSecret(secret: string): string | undefined {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  const key = Buffer.from(encoded, 'base64');
  // Node.js ignores characters that are not Base64, but consumers' libraries do not.
  const exact = key.toString('base64') === encoded;
  if (exact && key.length >= MIN_SECRET_BYTES && key.length <= MAX_SECRET_BYTES) return undefined;
  return `must be ${PREFIX} and the Base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} random bytes; several of them, while one is being replaced, with a space between them`;
}

/**
 * Creates the function that signs messages with `secrets`, which cannot be read from it.
 *
 * @param secrets valid ones, according to {@link explainSecret}.
 */
export function createSigner(secrets: readonly string[]): SignMessage {
  const keys = secrets.map((secret) => new Webhook(secret));
  return (id, sentAt, body) => keys.map((key) => key.sign(id, sentAt, body)).join(' ');
}
