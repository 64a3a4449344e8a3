import { itemQuery, runQuery } from '../../lib/pulls/run-request.ts';
import { describeQuery } from './json-schema.ts';
import { type Operation, refer } from './operation.ts';
import {
  addedItems,
  cancelledItems,
  countedRun,
  pausedItems,
  pullRun,
  pullRunPage,
  resumedItems,
  retriedItems,
  runItemPage,
  undoneItems,
} from './run-answers.ts';
import { ITEM_QUERY_TEXTS, RUN_QUERY_TEXTS } from './texts.ts';

const BODY_PROBLEMS = ['invalid_json', 'invalid_request', 'payload_too_large'] as const;
const RUNS = { tag: 'Apps', scope: 'upload:pull' } as const;
const RUN = '/pulls/runs/{runId}';
const STEP =
  'Some hundred items at a time: while the answer has a `cursor`, send the same request with it.';
const STEP_OF_MANY =
  'Some thousand items at a time: while the answer has a `cursor`, send the same request with it.';
const STEP_BODY = {
  schema: refer('RunStep'),
  optional: true,
  examples: { first: {}, next: { cursor: 'WzAsImZpbG0tNyJd' } },
};

/** What moves a whole library calls. */
export const RUN_OPERATIONS: readonly Operation[] = [
  {
    ...{ id: 'openRun', method: 'post', path: '/pulls/runs', ...RUNS },
    summary: 'Open a run of pulls',
    description:
      'A run is a list of pulls that are submitted, watched, retried and undone together, such as the move of a library. It is visible to its owner alone.',
    body: { schema: refer('RunRequest'), examples: { library: { name: 'library' } } },
    status: 200,
    created: 'the run, which is new',
    answer: 'the run of this `{ name }`: 201 if it is new, 200 if there was one',
    schema: pullRun,
    problems: [...BODY_PROBLEMS, 'ledger_required'],
  },
  {
    ...{ id: 'listRuns', method: 'get', path: '/pulls/runs', ...RUNS },
    summary: 'List runs',
    description: 'Newest first. A page with a `cursor` is not the last one.',
    headers: ['If-None-Match'],
    query: describeQuery(runQuery, RUN_QUERY_TEXTS),
    status: 200,
    answer: '`{ items, cursor? }`, newest first',
    schema: pullRunPage,
    problems: ['invalid_request', 'ledger_required'],
  },
  {
    ...{ id: 'getRun', method: 'get', path: RUN, ...RUNS },
    summary: 'Show a run',
    description: 'With the numbers of its items.',
    headers: ['If-None-Match'],
    status: 200,
    answer:
      'the run with `total`, the number of items in each state (`states`), the `bytes` of their files, and `reasons`: `{ state, reason, count }` for those that failed',
    schema: countedRun,
    problems: ['not_found', 'ledger_required'],
  },
  {
    ...{ id: 'addRunItems', method: 'post', path: `${RUN}/items`, ...RUNS },
    summary: 'Add pulls to a run',
    description:
      'The id of an item is its key: it stands for the same upload however often it is sent. Of several with one id in a request the first valid one counts. An item that is wrong has its problem in its place, and does not affect the others.',
    body: {
      schema: refer('RunItems'),
      examples: {
        some: { items: [{ id: 'film-7', mediaUrl: 'https://media.example.com/film.mp4' }] },
      },
    },
    status: 202,
    answer:
      '202 `{ items }` to `{ items, retry? }`: `{ id, uploadId, state }` or `{ id, problem }` for each, in their order',
    schema: addedItems,
    problems: [...BODY_PROBLEMS, 'not_found', 'upload_finished', 'ledger_required'],
  },
  {
    ...{ id: 'listRunItems', method: 'get', path: `${RUN}/items`, ...RUNS },
    summary: 'List the items of a run',
    description: 'A page with a `cursor` may have fewer items than asked for, even none.',
    headers: ['If-None-Match'],
    query: describeQuery(itemQuery, ITEM_QUERY_TEXTS),
    status: 200,
    answer:
      '`{ items, cursor? }` by `id`; `state` may be several with commas, `limit` at most 1,000. A page with a `cursor` may have fewer items than asked for, even none',
    schema: runItemPage,
    problems: ['invalid_request', 'not_found', 'ledger_required'],
  },
  {
    ...{ id: 'pauseRun', method: 'post', path: `${RUN}/pause`, ...RUNS },
    summary: 'Pause a run',
    description: `What waits is not sent until the run is resumed, and neither is what is added; what VOD is fetching goes on. ${STEP_OF_MANY}`,
    body: STEP_BODY,
    status: 202,
    answer:
      '202 `{ paused, cursor? }`: holds what waits, and what is added, until the run is resumed; what VOD is fetching, or was asked for already, goes on',
    schema: pausedItems,
    problems: [...BODY_PROBLEMS, 'not_found', 'upload_finished', 'ledger_required'],
  },
  {
    ...{ id: 'resumeRun', method: 'post', path: `${RUN}/resume`, ...RUNS },
    summary: 'Resume a run',
    description: STEP_OF_MANY,
    body: STEP_BODY,
    status: 202,
    answer: '202 `{ resumed, cursor? }`: sends what waits',
    schema: resumedItems,
    problems: [...BODY_PROBLEMS, 'not_found', 'upload_finished', 'ledger_required'],
  },
  {
    ...{ id: 'retryRun', method: 'post', path: `${RUN}/retry`, ...RUNS },
    summary: 'Retry what failed without a file',
    description: STEP,
    body: STEP_BODY,
    status: 202,
    answer:
      '202 `{ retried, refused, cursor? }`: another attempt of what failed without a file, or was added by an interrupted request and not queued',
    schema: retriedItems,
    problems: [...BODY_PROBLEMS, 'not_found', 'upload_finished', 'ledger_required'],
  },
  {
    ...{ id: 'cancelRun', method: 'post', path: `${RUN}/cancel`, ...RUNS },
    summary: 'Cancel a run',
    description: STEP,
    body: STEP_BODY,
    status: 202,
    answer: '202 `{ cancelled, cursor? }`: ends the run, and cancels what is under way',
    schema: cancelledItems,
    problems: [...BODY_PROBLEMS, 'not_found', 'ledger_required'],
  },
  {
    ...{ id: 'undoRun', method: 'post', path: `${RUN}/undo`, ...RUNS },
    summary: 'Undo a run',
    description: STEP,
    body: STEP_BODY,
    status: 202,
    answer:
      '202 `{ cancelled, deleted, cursor? }`: ends the run, cancels what is under way, and has every file deleted that the run brought, also those of uploads that are no longer kept',
    schema: undoneItems,
    problems: [...BODY_PROBLEMS, 'not_found', 'ledger_required'],
  },
];
