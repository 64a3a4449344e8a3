import * as v from 'valibot';
import type { SignatureAnswer } from '../../functions/signature.ts';
import type {
  TimelineAction,
  TimelineDelivery,
  TimelineEvent,
} from '../../lib/ledger/uploads/timeline.ts';
import { UPLOAD_METHODS } from '../../lib/model/upload-state.ts';
import type { SubmittedPull } from '../../lib/pulls/pull-store.ts';
import type { readWhileIssued } from '../../lib/uploads/upload-progress.ts';
import type { UploadView } from '../../lib/uploads/upload-view.ts';
import type { FeedItem } from '../../lib/webhooks/message-feed.ts';
import {
  about,
  application,
  count,
  cursor,
  type Fields,
  id,
  progress,
  state,
  time,
  type WithTimes,
} from './answer-fields.ts';
import { problem } from './problem-schema.ts';

const limits = v.object({
  maxBytes: v.exactOptional(count('largest size of the file in bytes')),
  maxSeconds: v.exactOptional(count('longest duration of the file in seconds')),
  mediaTypes: v.exactOptional(
    v.pipe(v.array(v.string()), v.description('allowed types of the file, in lower case')),
  ),
});

/** Why an upload failed. */
export const uploadProblem = v.pipe(
  v.looseObject({ code: v.string(), detail: v.exactOptional(v.string()) }),
  v.description('why it failed or was rejected; further members depend on the code'),
);

/** An upload. */
export const upload = v.object({
  uploadId: id,
  method: v.pipe(v.picklist(UPLOAD_METHODS), v.description('the way in which it came')),
  state,
  owner: v.exactOptional(about('whose it is; missing if it came without this backend')),
  subAppId: v.exactOptional(application),
  fileId: v.exactOptional(about('of its file in VOD')),
  taskId: v.exactOptional(about('of its pull in VOD')),
  name: v.exactOptional(v.string()),
  mediaUrl: v.exactOptional(v.string()),
  coverUrl: v.exactOptional(v.string()),
  size: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.description('in bytes'))),
  duration: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.description('in seconds'))),
  storageRegion: v.exactOptional(v.string()),
  classId: v.exactOptional(v.pipe(v.number(), v.integer())),
  procedure: v.exactOptional(v.string()),
  sourceContext: v.exactOptional(about("the caller's own")),
  sessionContext: v.exactOptional(v.string()),
  limits: v.exactOptional(limits),
  problem: v.exactOptional(uploadProblem),
  mediaExpireTime: v.exactOptional(time('when VOD deletes the media')),
  createdAt: time('when it was first known'),
  updatedAt: time('when it last changed'),
  expiresAt: v.exactOptional(time('when the permission to upload ends')),
  progress,
} satisfies Fields<UploadView & Awaited<ReturnType<typeof readWhileIssued>>>);

/** What `POST /signature` answers. */
export const signatureAnswer = v.object({
  signature: about('for one call of the SDK: no two are equal'),
  uploadId: id,
  expiresAt: time('when the signature expires'),
  limits: v.exactOptional(limits),
} satisfies Fields<SignatureAnswer>);

/** A pull that was accepted. */
export const submittedPull = v.object({
  uploadId: id,
  taskId: v.exactOptional(about('of the pull in VOD; missing while it waits to be sent')),
  state,
} satisfies Fields<SubmittedPull>);

/** What `POST /pull` answers to one pull, and to a batch. */
export const pullAnswer = v.union([
  submittedPull,
  v.object({
    items: v.pipe(
      v.array(
        v.union([
          submittedPull,
          v.object({ problem }),
          v.object({ queued: v.literal(false), detail: v.string() }),
        ]),
      ),
      v.description('in the order of the request'),
    ),
  }),
]);

const message = v.pipe(
  v.looseObject({
    id: about('the same each time that it is delivered'),
    type: about('`upload.` and a state, or `vod.` and a type of VOD'),
    timestamp: time('of the fact'),
    data: v.looseObject({}),
  }),
  v.description('as a webhook has it: see `webhooks` for each type'),
);

/** A message with its place in the feed. */
export const feedItem = v.object({
  cursor: v.exactOptional(about('continues after it')),
  eventId: about('of its event, as in the history of an upload'),
  message,
} satisfies Fields<FeedItem>);

/** What is answered about one event. */
export const shownMessage = v.object({ eventId: feedItem.entries.eventId, message });

/** Messages after a cursor. */
export const feedPage = v.object({
  items: v.array(feedItem),
  cursor: about('continues after the page, also after an empty one'),
  more: v.exactOptional(v.pipe(v.literal(true), v.description('if further messages follow'))),
});

/** What VOD is answered. */
export const callbackAnswer = v.object({ code: v.literal(0) });

/** A page of uploads. */
export const uploadPage = v.object({ items: v.array(upload), cursor });

const delivery = v.object({
  endpoint: v.string(),
  state: v.picklist(['pending', 'delivered', 'dead']),
  attempts: count('so far'),
  lastError: v.exactOptional(v.string()),
  nextAttemptAt: v.exactOptional(time('of the next attempt; only if there will be one')),
  updatedAt: time('of the last change'),
} satisfies Fields<WithTimes<TimelineDelivery, 'nextAttemptAt' | 'updatedAt'>>);

/** An event of an upload. */
export const timelineEvent = v.object({
  eventId: v.string(),
  eventType: about('type of its message'),
  receivedAt: time('when it was received'),
  confirmed: v.pipe(v.boolean(), v.description('whether VOD confirmed it')),
  deliveries: v.array(delivery),
} satisfies Fields<
  Omit<WithTimes<TimelineEvent, 'receivedAt'>, 'deliveries'> & {
    readonly deliveries: readonly v.InferOutput<typeof delivery>[];
  }
>);

/** An action on its file. */
export const timelineAction = v.object({
  fileId: v.string(),
  kind: v.string(),
  state: v.picklist(['pending', 'done', 'dead']),
  attempts: count('so far'),
  lastError: v.exactOptional(v.string()),
  rules: v.exactOptional(
    v.pipe(v.array(v.string()), v.description('names of the rules that want it')),
  ),
  updatedAt: time('of the last change'),
} satisfies Fields<WithTimes<TimelineAction, 'updatedAt'>>);

/** The history of an upload. */
export const timeline = v.object({
  uploadId: id,
  events: v.pipe(v.array(timelineEvent), v.description('oldest first, at most 1,000')),
  actions: v.pipe(v.array(timelineAction), v.description('on its file, oldest first')),
});
