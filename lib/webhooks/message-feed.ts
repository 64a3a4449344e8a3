import * as v from 'valibot';
import type { FeedPage, FeedQuery, FeedScope } from '../ledger/deliveries/feed.ts';
import { LEDGER_MILLISECONDS, type WithLedger } from '../ledger/lazy-ledger.ts';
import { explainEventPattern } from '../model/message-type.ts';
import { Problem } from '../problem.ts';
import { respondUnlessCached } from '../runtime/conditional.ts';
import { type HttpEvent, readPath, readQueryFields } from '../runtime/http-event.ts';
import type { Answer } from '../runtime/http-handler.ts';
import { isItemFault } from '../runtime/item-fault.ts';
import { type Clock, type Deadline, limitTo, clock as systemClock } from '../system.ts';
import { MAX_BODY_BYTES } from '../validation/limits.ts';
import { createParser, once, pageQuery, refuseOptions } from '../validation/query.ts';
import { buildMessage } from './deliver-due.ts';
import { writeMessageBody } from './message.ts';

/** A request of a caller who may read what it names. */
interface FeedCall extends FeedScope {
  readonly event: HttpEvent;
  readonly ledger: WithLedger;
  /** When the platform ends the call. */
  readonly deadline: Deadline;
}

/** A message as a consumer is sent it, with its place among all. */
export interface FeedItem {
  /** Continues after it. */
  readonly cursor?: string;
  /** Names its event, also in `GET /uploads/{uploadId}/events`. */
  readonly eventId: string;
  readonly message: unknown;
}

/** Longest wait in seconds that a request can ask for. */
const MAX_WAIT_SECONDS = 20;

/** From one look at the ledger to the next, in milliseconds. */
const POLL_MILLISECONDS = 1_000;

/** Reserved for the last look and the answer, in milliseconds. */
const RESERVE_MILLISECONDS = LEDGER_MILLISECONDS + 1_000;

/** The platform passes on 6 MB: https://cloud.tencent.com/document/product/583/11637. */
const MAX_ANSWER_BYTES = 4_000_000;

/** A superset of the lists of patterns that {@link explainEventPattern} accepts. */
const PATTERNS = '^[\\w.*]+(?:,[\\w.*]+)*$';

const patterns = v.pipe(
  once,
  v.rawCheck(({ dataset, addIssue }) => {
    const wrong = dataset.typed
      ? dataset.value.split(',').map(explainEventPattern).find(Boolean)
      : undefined;
    if (wrong !== undefined) addIssue({ message: `${wrong}; several of them with commas between` });
  }),
  v.metadata({ pattern: PATTERNS }),
  v.transform((text) => text.split(',')),
);

/** Query parameters of the messages after a cursor. */
export const feedQuery = v.object({
  after: v.optional(once),
  types: v.optional(patterns, '*'),
  wait: v.optional(
    v.pipe(
      once,
      v.regex(/^(?:1?\d|20)$/, `must be a whole number of seconds from 0 to ${MAX_WAIT_SECONDS}`),
      v.metadata({ type: 'integer', minimum: 0, maximum: MAX_WAIT_SECONDS }),
      v.transform(Number),
    ),
    '0',
  ),
  limit: pageQuery.entries.limit,
});

const parseFeedQuery = createParser(feedQuery);

/**
 * Returns the messages after a cursor, oldest first. If there are none, it waits for the first, for as long as the caller
 * asks and the platform allows; without a cursor, for what comes from now on.
 *
 * @throws {Problem}
 */
export async function listMessages(
  { event, owner, subAppId, ledger, deadline }: FeedCall,
  clock: Pick<Clock, 'monotonic' | 'sleep'> = systemClock,
): Promise<Answer> {
  const { wait, after, types, limit } = parseFeedQuery(readQueryFields(event));
  const query = { types, limit, owner, subAppId };
  const usable = { left: () => deadline.left() - RESERVE_MILLISECONDS };
  const end = limitTo(wait * 1_000, usable, clock);
  const read = (criteria: FeedQuery) =>
    ledger(async (each) => (await each.feed()).readFeed(criteria));
  let page = await read({ ...query, after });
  while (page.items.length === 0 && end.left() > 0) {
    if (!page.more) await clock.sleep(Math.min(POLL_MILLISECONDS, end.left()));
    page = await read({ ...query, after: page.cursor });
  }
  return respondUnlessCached(event, viewPage(page));
}

/**
 * Returns the message about one event, also one that was too large to be sent whole.
 *
 * @throws {Problem} `not_found` if the caller may see none with this id.
 */
export async function showMessage(call: FeedCall): Promise<Answer> {
  const { event, owner, subAppId, ledger } = call;
  refuseOptions(readQueryFields(event));
  const [, eventId = ''] = readPath(event, 'uploads');
  const found = EVENT_ID.test(eventId)
    ? await ledger(async (each) => (await each.feed()).findMessage(eventId, { owner, subAppId }))
    : undefined;
  if (found === undefined) {
    throw new Problem('There is no event with this id.', { code: 'not_found' });
  }
  const body = writeMessageBody(buildMessage(found), MAX_ANSWER_BYTES);
  return respondUnlessCached(event, { eventId, message: JSON.parse(body) } satisfies FeedItem);
}

/** https://www.rfc-editor.org/rfc/rfc4648#section-5, and the longest is that of a state. */
const EVENT_ID = /^[\w-]{1,128}$/;

function viewPage({ items, cursor, more }: FeedPage) {
  const views: FeedItem[] = [];
  let bytes = 0;
  for (const { cursor: place, event } of items) {
    const body = writeBody(event);
    bytes += Buffer.byteLength(body ?? '');
    const last = views.at(-1)?.cursor;
    if (last !== undefined && bytes > MAX_ANSWER_BYTES) {
      return { items: views, cursor: last, more: true };
    }
    if (body === undefined) continue;
    views.push({ cursor: place, eventId: event.eventId, message: JSON.parse(body) });
  }
  return { items: views, cursor, ...(more ? { more } : {}) };
}

/** Returns undefined for an event of which no message can be made: it is a dead item, and must not stop the others. */
function writeBody(event: FeedPage['items'][number]['event']): string | undefined {
  try {
    return writeMessageBody(buildMessage(event), MAX_BODY_BYTES);
  } catch (error) {
    if (isItemFault(error)) return undefined;
    throw error;
  }
}
