import * as v from 'valibot';
import { categoryOf, isImageType } from './media-types.ts';
import { refusal, type UgcRefusal } from './refusals.ts';

/** Limit of the vendor's mobile SDKs, in bytes of UTF-8. */
const MAX_NAME_BYTES = 200;

const name = v.pipe(
  v.string(),
  v.maxBytes(MAX_NAME_BYTES, `must not be longer than ${MAX_NAME_BYTES} bytes`),
  v.regex(/^[^\\/:*?"<>|]*$/, 'must not contain any of \\ / : * ? " < > |'),
);
/** The vendor's SDK for mini programs sends no sizes. */
const size = v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)));
const type = v.pipe(v.string(), v.toLowerCase());
const expireTime = v.optional(
  v.pipe(
    v.string(),
    v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/, 'must be ISO 8601'),
    v.check((text) => !Number.isNaN(Date.parse(text)), 'must be a time that exists'),
  ),
);

const cover = {
  coverName: v.optional(name, ''),
  coverType: v.pipe(type, v.check(isImageType, 'is not a type of cover image')),
  coverSize: size,
};
const signed = v.object({ signature: v.string() });
const commit = v.object({ signature: v.string(), vodSessionKey: v.string() });
const newUpload = v.object({
  signature: v.string(),
  videoName: v.pipe(name, v.nonEmpty('must not be empty')),
  videoType: v.pipe(
    type,
    v.check((value) => categoryOf(value) !== undefined, 'is not a type of media'),
  ),
  videoSize: size,
  storageRegion: v.optional(v.string()),
  ExpireTime: expireTime,
});
const newUploadWithCover = v.object({ ...newUpload.entries, ...cover });
const newCover = v.object({ signature: v.string(), fileId: v.string(), ...cover });

/** A request of which only the signature is used. */
export type SignedRequest = v.InferOutput<typeof signed>;
/** CommitUploadUGC, and the ApplyUploadUGC that continues an upload. */
export type SessionRequest = v.InferOutput<typeof commit>;
/** The ApplyUploadUGC of a new media file; `cover` has the request's fields about its cover. */
export type NewUploadRequest = v.InferOutput<typeof newUpload> & Partial<CoverFields>;
/** The ApplyUploadUGC that changes a media's cover. */
export type NewCoverRequest = v.InferOutput<typeof newCover>;

interface CoverFields {
  coverName: string;
  coverType: string;
  coverSize?: number | undefined;
}

/** One of the three kinds of ApplyUploadUGC. */
export type ApplyRequest =
  | { readonly kind: 'resume'; readonly request: SessionRequest }
  | { readonly kind: 'cover'; readonly request: NewCoverRequest }
  | { readonly kind: 'new'; readonly request: NewUploadRequest };

function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  body: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const details = result.issues.map(
    (issue) => `${v.getDotPath(issue) ?? 'body'}: ${issue.message}`,
  );
  throw refusal('invalid request', details.join('; '));
}

function has(body: unknown, field: string): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const value: unknown = Object.getOwnPropertyDescriptor(body, field)?.value;
  return value !== undefined && value !== null && value !== '';
}

/** Returns a PrepareUploadUGC body; throws {@link UgcRefusal}. */
export function parsePrepare(body: unknown): SignedRequest {
  return parse(signed, body);
}

/** Returns a CommitUploadUGC body; throws {@link UgcRefusal}. */
export function parseCommit(body: unknown): SessionRequest {
  return parse(commit, body);
}

/**
 * Returns an ApplyUploadUGC body; throws {@link UgcRefusal}. A session key has priority, because the vendor's mobile
 * SDKs send the file's fields with it. Unknown fields are ignored.
 */
export function parseApply(body: unknown): ApplyRequest {
  if (has(body, 'vodSessionKey')) return { kind: 'resume', request: parse(commit, body) };
  if (has(body, 'fileId')) return { kind: 'cover', request: parse(newCover, body) };
  const schema = has(body, 'coverType') ? newUploadWithCover : newUpload;
  return { kind: 'new', request: parse(schema, body) };
}
