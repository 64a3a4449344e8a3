import * as v from 'valibot';
import type { RunItem } from '../../lib/ledger/runs/pull-run-items.ts';
import { RUN_ITEM_STATES, RUN_STATES } from '../../lib/model/pull-run.ts';
import type { viewCounts, viewRun } from '../../lib/pulls/run-view.ts';
import { about, count, cursor, type Fields, id, progress, time } from './answer-fields.ts';
import { uploadProblem } from './answers.ts';
import { problem } from './problem-schema.ts';

const state = v.pipe(
  v.picklist(RUN_ITEM_STATES),
  v.description('how far it is: docs/http-api.md#pullsruns has the meaning of each state'),
);
const itemId = about('as the request for it names it');

/** A run of pulls. */
export const pullRun = v.object({
  runId: v.pipe(id, v.description('id of the run, a ULID')),
  name: v.string(),
  state: v.pipe(
    v.picklist(RUN_STATES),
    v.description('only an open or a paused one gets further items'),
  ),
  createdAt: time('when it began'),
  updatedAt: time('when it last changed, or got items'),
} satisfies Fields<ReturnType<typeof viewRun>>);

/** A page of runs. */
export const pullRunPage = v.object({ items: v.array(pullRun), cursor });

/** The numbers of items by state; a state without items is missing. */
const states = v.object(
  v.entriesFromList(RUN_ITEM_STATES, v.exactOptional(count('items in this state'))),
);

const reason = v.object({
  state,
  reason: about('code of the problem'),
  count: count('items'),
});

/** A run with the numbers of its items. */
export const countedRun = v.object({
  ...pullRun.entries,
  ...({
    total: count('items in all'),
    states,
    bytes: v.pipe(v.number(), v.minValue(0), v.description('size of their files')),
    reasons: v.pipe(v.array(reason), v.description('of those that failed, most frequent first')),
  } satisfies Record<keyof ReturnType<typeof viewCounts>, v.GenericSchema>),
});

/** An item of a run. */
export const runItem = v.object({
  id: itemId,
  state,
  attempts: count('so far'),
  uploadId: v.exactOptional(id),
  fileId: v.exactOptional(about('of its file in VOD')),
  mediaUrl: v.exactOptional(about('of its file')),
  size: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.description('in bytes'))),
  duration: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.description('in seconds'))),
  problem: v.exactOptional(uploadProblem),
  request: v.exactOptional(
    v.pipe(
      v.looseObject({}),
      v.description(
        'as it was sent, without the id; what no pull can have is false. `with=request`',
      ),
    ),
  ),
  progress,
} satisfies Fields<
  Omit<RunItem, 'request' | 'problem'> &
    Partial<Pick<RunItem, 'request' | 'problem'>> & {
      readonly progress?: number;
    }
>);

/** A page of items. */
export const runItemPage = v.object({ items: v.array(runItem), cursor });

/** What has become of items that were sent. */
export const addedItems = v.object({
  items: v.pipe(
    v.array(
      v.union([
        v.object({ id: itemId, uploadId: id, state }),
        v.object({ id: v.exactOptional(itemId), problem }),
      ]),
    ),
    v.description('in the order of the request'),
  ),
});

/** Items whose pulls are held. */
export const pausedItems = v.object({
  paused: count('pulls that wait until the run is resumed'),
  cursor,
});

/** Items whose pulls are held no longer. */
export const resumedItems = v.object({
  resumed: count('pulls that are sent from now on'),
  cursor,
});

/** Another attempt of some items. */
export const retriedItems = v.object({
  retried: count('items that are attempted again'),
  refused: count('items that were refused again'),
  cursor,
});

/** The end of some items. */
export const cancelledItems = v.object({
  cancelled: count('items that were under way'),
  cursor,
});

/** The end of some items, whose files are deleted. */
export const undoneItems = v.object({
  cancelled: cancelledItems.entries.cancelled,
  deleted: count('files that are to be deleted'),
  cursor,
});
