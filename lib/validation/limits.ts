/**
 * Longest life of a client upload signature in seconds: 90 days.
 *
 * @see https://cloud.tencent.com/document/product/266/9221
 */
export const MAX_SIGNATURE_SECONDS = 7_776_000;

/** Life of a client upload signature in seconds if the request does not name one. */
export const DEFAULT_SIGNATURE_SECONDS = 3_600;

/**
 * Longest `SourceContext`. VOD limits "characters" without a definition; a limit in bytes always satisfies it.
 *
 * @see https://cloud.tencent.com/document/product/266/9221
 */
export const MAX_SOURCE_CONTEXT_BYTES = 250;

/**
 * Longest `SessionContext`, in bytes for the same reason.
 *
 * @see https://cloud.tencent.com/document/product/266/9221
 */
export const MAX_SESSION_CONTEXT_BYTES = 1_000;

/**
 * The priority of a task flow is from minus this to plus this.
 *
 * @see https://cloud.tencent.com/document/product/266/9221
 */
export const MAX_TASK_PRIORITY = 10;

/**
 * Largest media file that any way of uploading accepts, in bytes: 50,000 GB.
 *
 * @see https://cloud.tencent.com/document/product/266/9760
 */
export const MAX_MEDIA_BYTES = 50_000 * 1024 ** 3;

/**
 * Longest URL, in bytes. VOD documents no limit; this is the length that every HTTP recipient should accept at least.
 * Signed URLs with a session token are often longer than the usual 2,048.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-4.1
 */
export const MAX_URL_BYTES = 8_000;

/** Most items of one pull request. */
export const MAX_PULL_ITEMS = 1_000;

/**
 * Longest media name, in bytes. VOD documents no limit for a pull; a rename accepts 64 characters, of at most four
 * bytes each.
 *
 * @see https://cloud.tencent.com/document/product/266/31762
 */
export const MAX_MEDIA_NAME_BYTES = 256;

/**
 * Longest path of stored media, in bytes: the longest object key that the storage behind VOD accepts.
 *
 * @see https://cloud.tencent.com/document/product/436/13324
 */
export const MAX_STORAGE_PATH_BYTES = 850;

/** Longest name of a task flow that is passed on; VOD documents no limit, and its own names are shorter. */
export const MAX_PROCEDURE_BYTES = 128;

/** Most items of a page that callers can ask for. */
export const MAX_PAGE_ITEMS = 100;

/** Largest body of a caller's request in bytes: 256 kB. */
export const MAX_BODY_BYTES = 256 * 1024;

/**
 * Largest notification in bytes: the most that the platform passes on, since the results of a task flow may be long.
 *
 * @see https://cloud.tencent.com/document/product/583/11637
 */
export const MAX_NOTIFICATION_BYTES = 6 * 1024 * 1024;

/**
 * Most tags of one media file, and the longest tag in characters.
 *
 * @see https://cloud.tencent.com/document/product/266/31762
 */
export const MAX_TAGS = 16;
export const MAX_TAG_CHARACTERS = 32;

/**
 * Most files that one DescribeMediaInfos asks about.
 *
 * @see https://cloud.tencent.com/document/product/266/31763
 */
export const MAX_DESCRIBED_FILES = 20;

/**
 * How long VOD remembers a task, in milliseconds: it reports the result of one, and recognises the `SessionId` that a pull
 * or a task flow was requested with.
 *
 * @see https://cloud.tencent.com/document/product/266/33431
 * @see https://cloud.tencent.com/document/product/266/35575
 */
export const TASK_MEMORY_MILLISECONDS = 3 * 24 * 60 * 60 * 1_000;

/**
 * Most tasks of one answer of DescribeTasks.
 *
 * @see https://cloud.tencent.com/document/product/266/43059
 */
export const MAX_LISTED_TASKS = 100;
