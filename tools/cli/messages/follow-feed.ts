import { isJsonObject, type JsonObject } from '../../../lib/validation/json-object.ts';
import { ApiError, type UploadsApi } from '../api/uploads-api.ts';
import { CommandError } from '../command.ts';
import { isTransientStatus } from '../explain-failure.ts';
import { showUrl } from '../show-url.ts';
import { type ReceivedMessage, readMessage } from './message-line.ts';
import { tryAgain } from './try-again.ts';

/** What is listened to, and how. */
export interface FeedOptions {
  /** Where it continues; undefined for the present. */
  readonly after: string | undefined;
  /** Patterns of message types. */
  readonly types: readonly string[];
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Says that it has begun, or why it waits. */
  readonly say: (text: string) => void;
  /** Remembers how far it has come. */
  readonly keep: (cursor: string) => Promise<void>;
}

const WAIT_SECONDS = 20;
const PAGE_SIZE = 100;

/**
 * Returns the messages of a deployment as they come, in the order in which they were recorded. It is remembered that a
 * message was there once the next one is asked for. While the function cannot be reached or fails, it tries again after
 * growing pauses.
 *
 * @throws {CommandError} if the function refuses, as a token that has expired.
 */
export async function* followFeed(
  api: UploadsApi,
  options: FeedOptions,
): AsyncGenerator<ReceivedMessage> {
  const { types, signal, say, keep } = options;
  const ask = (query: JsonObject) =>
    askPatiently(api, { types: types.join(','), ...query }, options);
  let after = options.after;
  if (after === undefined) {
    const begun = await ask({ limit: 1 });
    if (begun === undefined) return;
    after = begun.cursor;
    await keep(after);
  }
  say('listening');
  while (!signal.aborted) {
    const page = await ask({ after, wait: WAIT_SECONDS, limit: PAGE_SIZE });
    if (page === undefined) return;
    for (const { cursor, ...received } of page.items) {
      yield received;
      if (signal.aborted) return keep(cursor);
      await keep(cursor);
    }
    after = page.cursor;
  }
}

interface Page {
  readonly cursor: string;
  readonly items: readonly (ReceivedMessage & { readonly cursor: string })[];
}

/** Returns a page, or undefined if the user ends it first. */
function askPatiently(
  api: UploadsApi,
  query: JsonObject,
  options: FeedOptions,
): Promise<Page | undefined> {
  const { signal } = options;
  const written = Object.entries(query).map(([name, value]) => [name, String(value)]);
  const request = { path: 'events', query: Object.fromEntries(written), signal };
  const read = async () => readPage(await api.ask(request), api.url);
  return tryAgain(read, explainTransient, options);
}

function explainTransient(error: unknown) {
  if (!(error instanceof ApiError)) return undefined;
  const { status, message: reason, retryAfter } = error;
  if (error.fields.includes('after')) {
    throw new CommandError(`${reason} Begin without --resume.`, { cause: error });
  }
  return status === undefined || isTransientStatus(status) ? { reason, retryAfter } : undefined;
}

function readPage({ items, cursor }: JsonObject, url: string): Page {
  if (typeof cursor !== 'string' || !Array.isArray(items)) throw foreign(url);
  return { cursor, items: items.map((item) => readItem(item, url)) };
}

function readItem(item: unknown, url: string): Page['items'][number] {
  if (!isJsonObject(item)) throw foreign(url);
  const { cursor, eventId } = item;
  const message = readMessage(item['message']);
  if (typeof cursor !== 'string' || message === undefined) throw foreign(url);
  return { cursor, message, ...(typeof eventId === 'string' ? { eventId } : {}) };
}

function foreign(url: string): CommandError {
  return new CommandError(
    `What answers at ${showUrl(url)} has no list of messages: deploy this version of the functions, or correct --uploads-url.`,
  );
}
