import * as v from 'valibot';
import { type FieldError, type Problem, refuseFields } from '../problem.ts';
import {
  type CheckedFields,
  checkFields,
  classId,
  findUnknownFields,
  integer,
  isoTime,
  limitFields,
  procedure,
  type RawFields,
  storageRegion,
  text,
  uploadLimits,
} from './fields.ts';
import { parseIsoTime } from './iso-time.ts';
import { dropNulls, isJsonObject } from './json-object.ts';
import {
  MAX_MEDIA_NAME_BYTES,
  MAX_PULL_ITEMS,
  MAX_SESSION_CONTEXT_BYTES,
  MAX_SOURCE_CONTEXT_BYTES,
  MAX_STORAGE_PATH_BYTES,
  MAX_TASK_PRIORITY,
  MAX_URL_BYTES,
} from './limits.ts';
import { MEDIA_TYPE_LIST } from './media-type.ts';
import type { UrlPolicy } from './public-url.ts';
import { checkPullSource, type PullSource } from './pull-source.ts';

/** Most errors in the answer to one batch; after that, each invalid item lists only its first error. */
const MAX_BATCH_ERRORS = 1_000;

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
const IDEMPOTENCY_KEY_RULE = 'must have 1 to 255 visible ASCII characters';

/** Returns what is wrong with `key` as an idempotency key, or undefined if it is valid. */
export function explainIdempotencyKey(key: string): string | undefined {
  return IDEMPOTENCY_KEY.test(key) ? undefined : IDEMPOTENCY_KEY_RULE;
}

/** A URL, and the type below, are checked together with each other by {@link checkPullSource}. */
const url = v.pipe(
  v.string('must be a string'),
  v.metadata({ format: 'uri', pattern: '^https?://', maxLength: MAX_URL_BYTES }),
);

/** One pull. */
export const pullItem = v.object(
  {
    mediaUrl: url,
    mediaType: v.optional(
      v.pipe(v.string('must be a string'), v.metadata({ enum: MEDIA_TYPE_LIST.split(', ') })),
    ),
    mediaName: v.optional(text(MAX_MEDIA_NAME_BYTES)),
    coverUrl: v.optional(url),
    procedure: v.optional(procedure),
    expireTime: v.optional(isoTime),
    storageRegion: v.optional(storageRegion),
    classId: v.optional(classId),
    tasksPriority: v.optional(integer(-MAX_TASK_PRIORITY, MAX_TASK_PRIORITY)),
    sessionContext: v.optional(text(MAX_SESSION_CONTEXT_BYTES)),
    sourceContext: v.optional(text(MAX_SOURCE_CONTEXT_BYTES)),
    mediaStoragePath: v.optional(
      v.pipe(
        text(MAX_STORAGE_PATH_BYTES),
        v.regex(/^\/\P{Cc}*$/u, 'must begin with "/" and have no control characters'),
      ),
    ),
    limits: v.optional(uploadLimits),
    idempotencyKey: v.optional(
      v.pipe(v.string('must be a string'), v.regex(IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_RULE)),
    ),
  },
  'must be given',
);

/** The fields of a pull and of a batch, by their names. */
export const PULL_FIELDS: object = { ...pullItem.entries, items: undefined };

/** One pull, checked; `expireTime` in Unix seconds. */
export type PullRequest = Omit<v.InferOutput<typeof pullItem>, keyof PullSource> & PullSource;

/** An item of a batch that is invalid, or that the policy denies. */
export interface RefusedItem {
  readonly refusal: Problem;
}

/** The two forms of a request: one pull, or a batch in its order, with the problem of each invalid item. */
export type PullBody =
  | { readonly kind: 'one'; readonly request: PullRequest }
  | { readonly kind: 'many'; readonly items: readonly (PullRequest | RefusedItem)[] };

/** What a request is checked against. */
export interface PullContext {
  /** Unix seconds; the media must not expire before. */
  readonly nowSeconds: number;
  readonly policy: UrlPolicy;
}

/**
 * Returns `body` as a request for one pull or for many. In a batch, the paths of an item's errors begin with its index,
 * such as `items.3.mediaUrl`.
 *
 * @throws {Problem} `invalid_request` that names every invalid field of a single pull, or of the batch itself; an
 * invalid item of a batch never throws.
 */
export function parsePullRequest(body: unknown, context: PullContext): PullBody {
  if (isJsonObject(body) && Object.hasOwn(dropNulls(body), 'items')) {
    return { kind: 'many', items: parseItems(readItems(body), context) };
  }
  if (Array.isArray(body)) {
    throw refuseFields([
      { path: '', message: 'must be a JSON object: send the list as its items' },
    ]);
  }
  const checked = checkItem(body, PULL_FIELDS, context);
  if (checked.errors !== undefined) throw refuseFields(checked.errors);
  return { kind: 'one', request: checked.output };
}

function readItems(body: RawFields): readonly unknown[] {
  const { items, ...others } = dropNulls(body);
  const misplaced = Object.keys(others).filter((name) => Object.hasOwn(pullItem.entries, name));
  const errors = [
    ...misplaced.map((path) => ({
      path,
      message: 'must not be set together with items; set it in each item',
    })),
    ...findUnknownFields(body, PULL_FIELDS),
  ];
  if (!Array.isArray(items) || items.length === 0 || items.length > MAX_PULL_ITEMS) {
    const count = Array.isArray(items) ? `; it has ${items.length}` : '';
    errors.push({
      path: 'items',
      message: `must be a list of 1 to ${MAX_PULL_ITEMS} pulls${count}`,
    });
  }
  if (!Array.isArray(items) || errors.length > 0) throw refuseFields(errors);
  return items;
}

function parseItems(
  items: readonly unknown[],
  context: PullContext,
): readonly (PullRequest | RefusedItem)[] {
  let errorsLeft = MAX_BATCH_ERRORS;
  return items.map((item, index) => {
    const checked = checkItem(item, pullItem.entries, context);
    if (checked.errors === undefined) return checked.output;
    const errors = checked.errors.map(({ path, message }) => ({
      path: path === '' ? `items.${index}` : `items.${index}.${path}`,
      message,
    }));
    const refusal = refuseFields(errors, Math.max(1, errorsLeft));
    errorsLeft -= refusal.errors?.length ?? 0;
    return { refusal };
  });
}

function checkItem(
  input: unknown,
  known: object,
  { nowSeconds, policy }: PullContext,
): CheckedFields<PullRequest> {
  const fields = checkFields(pullItem, input, (raw) => [
    ...findUnknownFields(raw, known),
    ...findUnknownFields(raw['limits'], limitFields.entries, 'limits.'),
    ...findPastTime(raw, nowSeconds),
  ]);
  const source: CheckedFields<PullSource> = isJsonObject(input)
    ? checkPullSource(dropNulls(input), policy)
    : { errors: [] };
  if (fields.errors !== undefined || source.errors !== undefined) {
    return { errors: [...(fields.errors ?? []), ...(source.errors ?? [])] };
  }
  return { output: { ...fields.output, ...source.output } };
}

function findPastTime({ expireTime }: RawFields, nowSeconds: number): FieldError[] {
  if (typeof expireTime !== 'string') return [];
  const isPast = (parseIsoTime(expireTime) ?? Infinity) <= nowSeconds;
  return isPast ? [{ path: 'expireTime', message: 'must be in the future' }] : [];
}
