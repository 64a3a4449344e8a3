/**
 * Longest life of a client upload signature in seconds: 90 days.
 *
 * @see https://cloud.tencent.com/document/product/266/9221
 */
export const MAX_SIGNATURE_SECONDS = 7_776_000;

/** Life of a client upload signature in seconds where the request names none. */
export const DEFAULT_SIGNATURE_SECONDS = 3_600;

/**
 * Longest `SourceContext`. VOD counts "characters" without saying which; bytes are the reading that always fits.
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
 * Priority of a task flow lies between minus and plus this.
 *
 * @see https://cloud.tencent.com/document/product/266/9221
 */
export const MAX_TASK_PRIORITY = 10;

/**
 * Largest media file that any way of uploading takes, in bytes: 50,000 GB.
 *
 * @see https://cloud.tencent.com/document/product/266/9760
 */
export const MAX_MEDIA_BYTES = 50_000 * 1024 ** 3;

/** Largest request body in bytes: 256 kB. */
export const MAX_BODY_BYTES = 256 * 1024;
