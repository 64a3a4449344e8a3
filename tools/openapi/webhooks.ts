import { UPLOAD_METHODS, UPLOAD_STATES, type UploadState } from '../../lib/model/upload-state.ts';
import { EVENT_MEMBERS, isVodEventType, type VodEventType } from '../../lib/vod/event.ts';
import type { JsonSchema } from './json-schema.ts';
import { refer } from './operation.ts';
import { STATE_TEXTS, withoutLocalLinks } from './texts.ts';

const EVENTS_PAGE = 'https://www.tencentcloud.com/document/product/266/33950';

const HEADERS: Readonly<Record<string, JsonSchema>> = {
  'webhook-id': {
    type: 'string',
    pattern: '^msg_[0-9a-f]{32}$',
    description: 'the same at every attempt: act on it once',
  },
  'webhook-timestamp': {
    type: 'integer',
    description: 'Unix seconds of the attempt; refuse one that is more than five minutes off',
  },
  'webhook-signature': {
    type: 'string',
    pattern: '^v1,\\S+(?: v1,\\S+)*$',
    description:
      'HMAC-SHA256 of `id.timestamp.body` in Base64, one for each secret: verify it over the bytes of the body as they came',
  },
};

/** Answers of the consumer. */
const RESPONSES = {
  Delivered: { description: 'The message is delivered.' },
  Unwanted: { description: 'The endpoint wants no more messages, and is paused.' },
  Undelivered: { description: 'The message is sent again later, for three days.' },
};

/** What every message refers to, by the kinds of components. */
export const WEBHOOK_COMPONENTS = {
  responses: RESPONSES,
  parameters: Object.fromEntries(
    Object.entries(HEADERS).map(([name, { description, ...schema }]) => [
      name,
      { ...{ name, in: 'header', required: true }, description, schema },
    ]),
  ),
};

/** Returns a message, which says by `dataOmitted` that it would have been too large: always, never or sometimes. */
function writeMessage(
  type: JsonSchema,
  data: JsonSchema,
  omitted: 'always' | 'never' | 'sometimes' = 'sometimes',
): JsonSchema {
  return {
    type: 'object',
    properties: {
      id: { type: 'string', description: 'the same as webhook-id' },
      type,
      timestamp: { type: 'string', format: 'date-time', description: 'of the fact' },
      ...(omitted === 'never' ? {} : { dataOmitted: refer('DataOmitted') }),
      data,
    },
    required: ['id', 'type', 'timestamp', 'data', ...(omitted === 'always' ? ['dataOmitted'] : [])],
  };
}

function describeUpload(state: UploadState): JsonSchema {
  const type = { const: `upload.${state}` };
  return {
    anyOf: [
      writeMessage(type, refer('Upload'), 'never'),
      writeMessage(type, refer('UploadIdentifiers'), 'always'),
    ],
  };
}

/** Returns the message that passes on events of this type, whose content is VOD's own. */
function describeVod(type: VodEventType): JsonSchema {
  const { [type]: member } = EVENT_MEMBERS;
  return writeMessage(
    { const: `vod.${type}` },
    {
      type: 'object',
      properties: {
        EventType: { const: type },
        [member]: { type: 'object', description: `as ${EVENTS_PAGE} describes it` },
        ...VOD_MEMBERS,
      },
      required: ['EventType'],
      additionalProperties: true,
    },
  );
}

const VOD_MEMBERS: Readonly<Record<string, JsonSchema>> = {
  SubAppId: { type: 'integer', description: 'application of VOD that reported it' },
  confirmed: { const: false, description: 'only in what VOD could not be asked about' },
};

const OTHER: JsonSchema = writeMessage(
  {
    type: 'string',
    pattern: '^vod\\.\\w{1,64}$',
    description: 'a type that is newer than this document, or vod.unknown',
  },
  { type: 'object', properties: VOD_MEMBERS, additionalProperties: true },
);

/** Members that a message over 256 kB has in addition. */
export const WEBHOOK_PARTS: Readonly<Record<string, JsonSchema>> = {
  DataOmitted: {
    type: 'object',
    description: 'only in a message that would be too large: its data are identifiers alone',
    properties: {
      bytes: { type: 'integer', description: 'of the whole message' },
      maxBytes: { type: 'integer', description: 'that a message may have' },
    },
    required: ['bytes', 'maxBytes'],
  },
  UploadIdentifiers: {
    type: 'object',
    description: 'look up the rest by the uploadId',
    properties: {
      uploadId: { type: 'string' },
      ...{ method: { enum: UPLOAD_METHODS }, state: { enum: UPLOAD_STATES } },
      ...{ owner: { type: 'string' }, subAppId: { type: 'integer' } },
      ...{ fileId: { type: 'string' }, taskId: { type: 'string' } },
      createdAt: { type: 'string', format: 'date-time' },
      updatedAt: { type: 'string', format: 'date-time' },
    },
    required: ['uploadId', 'method', 'state', 'createdAt', 'updatedAt'],
  },
};

/** Returns the types of messages, each with what it means and its schema. */
function listMessages(): readonly (readonly [type: string, text: string, schema: JsonSchema])[] {
  const uploads = UPLOAD_STATES.map((state) => {
    const text = `An upload is ${state}: ${withoutLocalLinks(STATE_TEXTS[state])}.`;
    return [`upload.${state}`, text, describeUpload(state)] as const;
  });
  const types = Object.keys(EVENT_MEMBERS).filter(isVodEventType);
  const events = types.map((type) => {
    const text = `VOD's event ${type}, confirmed by VOD and without the backend's envelope.`;
    return [`vod.${type}`, text, describeVod(type)] as const;
  });
  return [...uploads, ...events, ['vod.*', "VOD's event of any other type.", OTHER]];
}

/** Returns the part `webhooks` of the document. */
export function describeWebhooks(): Readonly<Record<string, object>> {
  const parameters = Object.keys(HEADERS).map((name) => ({
    $ref: `#/components/parameters/${name}`,
  }));
  const answer = (name: keyof typeof RESPONSES) => ({ $ref: `#/components/responses/${name}` });
  return Object.fromEntries(
    listMessages().map(([type, description, schema]) => [
      type,
      {
        post: {
          ...{ operationId: `on:${type}`, tags: ['Messages'], summary: type, description },
          ...{ security: [], parameters },
          requestBody: { required: true, content: { 'application/json': { schema } } },
          responses: {
            ...{ '2XX': answer('Delivered'), 410: answer('Unwanted') },
            default: answer('Undelivered'),
          },
        },
      },
    ]),
  );
}
