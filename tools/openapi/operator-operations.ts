import { itemRequest, replayQuery, replayRequest } from '../../lib/uploads/upload-query.ts';
import { PAGE_QUERY } from './app-operations.ts';
import { describeRequest } from './json-schema.ts';
import { type Operation, refer } from './operation.ts';
import {
  deadDeliveryPage,
  deadItemPage,
  endpoint,
  endpointList,
  replayed,
  replayedPage,
} from './operator-answers.ts';

const BODY_PROBLEMS = ['invalid_json', 'invalid_request', 'payload_too_large'] as const;
const ADMIN = { tag: 'Operators', scope: 'upload:admin' } as const;
const ENDPOINT = 'id of the endpoint, as GET /uploads/endpoints shows it';

/** What operators call. */
export const OPERATOR_OPERATIONS: readonly Operation[] = [
  {
    ...{ id: 'replayUpload', method: 'post', path: '/uploads/{uploadId}/replay', ...ADMIN },
    summary: 'Send the messages of an upload again',
    description: 'Makes dead deliveries of the upload due again, and resumes their endpoints.',
    body: {
      schema: describeRequest(replayRequest, {
        eventId: 'only deliveries of this event',
        endpoint: `only deliveries to this endpoint: ${ENDPOINT}`,
      }),
      optional: true,
      examples: { all: {}, one: { endpoint: 'webhook_0f3c1a2b4d5e6f70' } },
    },
    status: 202,
    answer:
      '202 `{ replayed }`: its dead deliveries are due again; `{ eventId?, endpoint? }` narrows that',
    schema: replayed,
    problems: [...BODY_PROBLEMS, 'not_found', 'upload_pruned', 'ledger_required'],
  },
  {
    ...{ id: 'listDeadDeliveries', method: 'get', path: '/uploads/dead-deliveries', ...ADMIN },
    summary: 'List dead deliveries',
    description: 'Latest first.',
    headers: ['If-None-Match'],
    query: PAGE_QUERY,
    status: 200,
    answer: '`{ items, cursor? }`: deliveries that were given up',
    schema: deadDeliveryPage,
    problems: ['invalid_request', 'ledger_required'],
  },
  {
    ...{ id: 'listDeadItems', method: 'get', path: '/uploads/dead-items', ...ADMIN },
    summary: 'List what was set aside',
    description: 'Latest first.',
    headers: ['If-None-Match'],
    query: PAGE_QUERY,
    status: 200,
    answer: '`{ items, cursor? }`: what was [set aside](operations.md#set-aside), latest first',
    schema: deadItemPage,
    problems: ['invalid_request', 'ledger_required'],
  },
  {
    ...{ id: 'replayDeadItem', method: 'post', path: '/uploads/dead-items/replay', ...ADMIN },
    summary: 'Retry what was set aside',
    description: 'The next sweep retries the item.',
    body: {
      schema: describeRequest(itemRequest, { kind: 'of the item', id: 'of the item' }),
      examples: { upload: { kind: 'upload', id: '01M817BHKVC70379HNNTTY6AVN' } },
    },
    status: 202,
    answer:
      '202 `{ replayed }`: the next `sweep` retries the item `{ kind, id }`; 0 if there is none, or nothing to retry',
    schema: replayed,
    problems: [...BODY_PROBLEMS, 'ledger_required'],
  },
  {
    id: 'replayDeadDeliveries',
    ...{ method: 'post', path: '/uploads/dead-deliveries/replay', ...ADMIN },
    summary: 'Send many messages again',
    description:
      'In the order in which they were given up. While the answer has a `cursor`, send the same request with it.',
    body: {
      schema: describeRequest(replayQuery, {
        endpoint: `only deliveries to this endpoint: ${ENDPOINT}`,
        state: 'only the upload. messages that report this state',
        from: 'only deliveries that were given up at this time or later',
        to: 'only deliveries that were given up before this time',
        limit: 'most deliveries that are examined in this call',
        cursor: 'of the call before',
      }),
      optional: true,
      examples: { some: { state: 'ready', limit: 100 } },
    },
    status: 202,
    answer:
      '202 `{ replayed, cursor? }`: up to a thousand of them are [due again](webhooks.md#replay)',
    schema: replayedPage,
    problems: [...BODY_PROBLEMS, 'ledger_required'],
  },
  {
    ...{ id: 'listEndpoints', method: 'get', path: '/uploads/endpoints', ...ADMIN },
    summary: 'List the endpoints that receive messages',
    description: 'Every endpoint that has, or had, deliveries.',
    headers: ['If-None-Match'],
    query: {},
    status: 200,
    answer:
      '`{ items }`: the endpoints that receive messages, with `state` (`active` or `paused`), `pausedAt`, `reason`, `deliveredAt`, and how many messages are `waiting`, since when, and `dead`; each count stops at 10,000',
    schema: endpointList,
    problems: ['invalid_request', 'ledger_required'],
  },
  {
    id: 'resumeEndpoint',
    ...{ method: 'post', path: '/uploads/endpoints/{endpoint}/resume', ...ADMIN },
    summary: 'Resume a paused endpoint',
    description: 'It is sent what waits for it, oldest first.',
    body: {
      schema: refer('Nothing'),
      optional: true,
      examples: { nothing: {} },
    },
    status: 200,
    answer: 'the endpoint, `active`: what waits for it is sent',
    schema: endpoint,
    problems: [...BODY_PROBLEMS, 'not_found', 'ledger_required'],
  },
];
