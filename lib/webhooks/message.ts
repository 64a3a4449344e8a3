import { hash } from 'node:crypto';
import { type EventType, nameVodEvent } from '../model/event-type.ts';
import { removeV1 } from '../model/source-context.ts';
import type { UploadView } from '../uploads/upload-view.ts';
import { defined } from '../validation/json-object.ts';
import { replaceSourceContext } from '../vod/event.ts';

/**
 * What consumers are told, the same at every attempt and for every target.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure
 */
export interface Message {
  /** Sent as `webhook-id`. The same fact has the same id, so consumers know a repeat by it. */
  readonly id: string;
  readonly type: EventType;
  /** ISO 8601 time at which it happened, not at which it is sent. */
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event of VOD as VOD itself confirmed it, or as it came where VOD cannot be asked about it. */
export interface GenuineVodEvent {
  /** Of what the event says, so that it is the same on every resend. */
  readonly eventId: string;
  readonly raw: Readonly<Record<string, unknown>>;
  /** Application of VOD that told it; missing where the configuration names none. */
  readonly subAppId?: number | undefined;
  /** Unix milliseconds of the first time that it came in. */
  readonly receivedAt: number;
  readonly unconfirmed?: true | undefined;
  /** Set where it was kept with its envelope, as it was before envelopes had a MAC. */
  readonly hasEnvelope?: true | undefined;
}

/** Every field of an upload that leaves the house; whatever else an object holds stays. */
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

/** Returns the message that tells which state `upload` has reached; an upload reaches each of them once. */
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
 * Returns the message that hands on an event of VOD, without what proves notifications (`Sign`, `T`) and without an
 * envelope, and with the application in VOD's own word for it. One that is not confirmed says so, whatever
 * else it says: `confirmed` is false.
 */
export function buildVodMessage(event: GenuineVodEvent): Message {
  const { eventId, raw, subAppId, receivedAt, unconfirmed, hasEnvelope } = event;
  const { EventType: name, Sign: _sign, T: _t, ...members } = raw;
  const type = nameVodEvent(name);
  return {
    id: deriveId(type, eventId),
    type,
    timestamp: new Date(receivedAt).toISOString(),
    data: {
      EventType: name,
      ...(hasEnvelope ? removeEnvelope(members) : members),
      ...defined({ SubAppId: subAppId, confirmed: unconfirmed && false }),
    },
  };
}

/** No dot may be in an id, since dots part what is signed. */
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
