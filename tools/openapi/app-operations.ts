import { uploadQuery } from '../../lib/uploads/upload-query.ts';
import { pageQuery } from '../../lib/validation/query.ts';
import { feedQuery } from '../../lib/webhooks/message-feed.ts';
import {
  callbackAnswer,
  feedPage,
  pullAnswer,
  shownMessage,
  signatureAnswer,
  timeline,
  upload,
  uploadPage,
} from './answers.ts';
import { describeQuery } from './json-schema.ts';
import { type Operation, refer } from './operation.ts';
import { FEED_TEXTS, QUERY_TEXTS } from './texts.ts';

const BODY_PROBLEMS = ['invalid_json', 'invalid_request', 'payload_too_large'] as const;
const UPLOAD_PROBLEMS = ['not_found', 'upload_pruned', 'ledger_required'] as const;

/** Query parameters of a list without filters. */
export const PAGE_QUERY = describeQuery(pageQuery, QUERY_TEXTS);

/** What apps call, and VOD. */
export const APP_OPERATIONS: readonly Operation[] = [
  {
    ...{ id: 'createSignature', method: 'post', path: '/signature', tag: 'Apps' },
    summary: 'Issue an upload signature',
    scope: 'upload:sign',
    description:
      'Checks the caller and issues a client upload signature for the upload SDKs of VOD. Each call of the SDK needs a signature of its own, so never cache one: send the `uploadId` of the first answer with the further requests for the same file.',
    body: {
      schema: refer('SignatureRequest'),
      optional: true,
      examples: {
        bounded: {
          ...{ classId: 7, storageRegion: 'ap-seoul' },
          limits: { maxBytes: 500_000_000, mediaTypes: ['mp4', 'mov'] },
        },
        continued: { uploadId: '01M817BHKVC70379HNNTTY6AVN' },
      },
    },
    status: 200,
    answer: 'the signature, and the upload that it is for',
    schema: signatureAnswer,
    problems: [
      ...BODY_PROBLEMS,
      ...(['upload_finished', 'upload_pruned', 'quota_exceeded', 'ledger_required'] as const),
    ],
  },
  {
    ...{ id: 'createPull', method: 'post', path: '/pull', tag: 'Apps' },
    summary: 'Have VOD fetch media from URLs',
    scope: 'upload:pull',
    description:
      'One pull, or up to 1,000 as `items`. An item that is wrong has its problem in its place, and does not affect the others. Send an idempotency key whenever a request may be sent twice.',
    headers: ['Idempotency-Key'],
    body: {
      schema: { oneOf: [refer('PullRequest'), refer('PullBatch')] },
      examples: {
        one: { mediaUrl: 'https://media.example.com/film.mp4', mediaName: 'Film' },
        many: {
          items: [
            { mediaUrl: 'https://media.example.com/1.mp4', idempotencyKey: 'import-1' },
            { mediaUrl: 'https://media.example.com/watch?v=2', mediaType: 'mp4' },
          ],
        },
      },
    },
    status: 202,
    answer: 'the upload of the pull, or the results of a batch',
    schema: pullAnswer,
    problems: [
      ...BODY_PROBLEMS,
      ...(['idempotency_conflict', 'upload_pruned', 'quota_exceeded', 'ledger_required'] as const),
      ...(['upstream_rejected', 'upstream_denied', 'upstream_failed', 'upstream_busy'] as const),
      'upstream_timeout',
    ],
  },
  {
    ...{ id: 'receiveNotification', method: 'post', path: '/callback', tag: 'VOD' },
    summary: 'Receive an event notification of VOD',
    description:
      'For VOD alone: https://www.tencentcloud.com/document/product/266/33948. `Sign` and `T` prove the sender, and VOD is asked about the fact.',
    query: {
      subAppId: { type: 'integer', minimum: 1, description: "application of a tenant's" },
    },
    body: {
      schema: refer('VodNotification'),
      examples: {
        arrival: {
          EventType: 'NewFileUpload',
          FileUploadEvent: { FileId: '5285890700000000042' },
          ...{ Sign: '0123456789abcdef0123456789abcdef', T: 1_795_334_400 },
        },
      },
    },
    status: 200,
    answer: 'the event is safe',
    schema: callbackAnswer,
    problems: [
      ...BODY_PROBLEMS,
      ...(['unauthorized', 'unconfirmed_exceeded', 'internal', 'upstream_failed'] as const),
      ...(['confirmation_unavailable', 'delivery_failed', 'ledger_unavailable'] as const),
    ],
  },
  {
    ...{ id: 'getUpload', method: 'get', path: '/uploads/{uploadId}', tag: 'Apps' },
    summary: 'Show an upload',
    scope: 'upload:read',
    description: 'A caller sees its own uploads; one with the scope upload:admin sees all.',
    headers: ['If-None-Match'],
    status: 200,
    answer: 'the upload',
    schema: upload,
    problems: UPLOAD_PROBLEMS,
  },
  {
    ...{ id: 'listUploads', method: 'get', path: '/uploads', tag: 'Apps' },
    summary: 'List uploads',
    scope: 'upload:read',
    description: 'Newest first. A page with a `cursor` is not the last one.',
    headers: ['If-None-Match'],
    query: describeQuery(uploadQuery, QUERY_TEXTS),
    status: 200,
    answer: '`{ items, cursor? }`, newest first, 20 unless `limit` says otherwise, at most 100',
    schema: uploadPage,
    problems: ['invalid_request', 'ledger_required'],
  },
  {
    ...{ id: 'listUploadEvents', method: 'get', path: '/uploads/{uploadId}/events', tag: 'Apps' },
    summary: 'Show the history of an upload',
    scope: 'upload:read',
    description: 'What happened to the upload, who was told, and what was done to its file.',
    headers: ['If-None-Match'],
    status: 200,
    answer:
      "`{ uploadId, events, actions }`: its states, VOD's events, each delivery with its attempts, the actions on its file",
    schema: timeline,
    problems: UPLOAD_PROBLEMS,
  },
  {
    ...{ id: 'listMessages', method: 'get', path: '/uploads/events', tag: 'Apps' },
    summary: 'List messages in order',
    scope: 'upload:read',
    description:
      "For programs that cannot be called. A caller is shown the messages about its own uploads; one with the scope upload:admin is shown all, VOD's own events included.",
    headers: ['If-None-Match'],
    query: describeQuery(feedQuery, FEED_TEXTS),
    status: 200,
    answer:
      '`{ items, cursor, more? }`: the [messages](#messages-in-order) after a cursor, oldest first',
    schema: feedPage,
    problems: ['invalid_request', 'ledger_required'],
  },
  {
    ...{ id: 'getMessage', method: 'get', path: '/uploads/events/{eventId}', tag: 'Apps' },
    summary: 'Show a message',
    scope: 'upload:read',
    description: 'The message about one event, as it was or will be delivered.',
    headers: ['If-None-Match'],
    status: 200,
    answer: '`{ eventId, message }`: the message about one event',
    schema: shownMessage,
    problems: ['not_found', 'ledger_required'],
  },
  {
    ...{ id: 'reportProgress', method: 'put', path: '/uploads/{uploadId}/progress', tag: 'Apps' },
    summary: 'Report how much was sent',
    scope: 'upload:sign',
    description:
      'For the client that sends the file. `GET /uploads/{uploadId}` then has it as `progress`, until the file is there; with its checksum the file is found again, as `content` of `GET /uploads`. Nobody checks what is reported, and nothing else depends on it.',
    body: {
      schema: refer('ProgressReport'),
      examples: {
        begun: { size: 20_000_000, sent: 4_194_304 },
        whole: { size: 20_000_000, sent: 20_000_000, crc64: '11051210869376104954' },
      },
    },
    status: 204,
    answer: 'nothing: the report is recorded',
    problems: [...BODY_PROBLEMS, ...UPLOAD_PROBLEMS, 'upload_finished'],
  },
  {
    ...{ id: 'cancelUpload', method: 'delete', path: '/uploads/{uploadId}', tag: 'Apps' },
    summary: 'Cancel an upload',
    scope: 'upload:cancel',
    description: 'Its file is removed if there is one, or when it comes.',
    status: 200,
    answer:
      'the upload, `cancelled`: its file is removed if there is one, or when it comes; 409 if the upload has ended',
    schema: upload,
    problems: [...UPLOAD_PROBLEMS, 'upload_finished'],
  },
];
