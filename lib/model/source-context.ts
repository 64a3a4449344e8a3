import { hash, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { type FieldError, refuseFields } from '../problem.ts';
import { deriveKey, secretEqual } from '../signing/secrets.ts';
import { integer, limitFields, UPLOAD_ID } from '../validation/fields.ts';
import { LAST_SECOND } from '../validation/iso-time.ts';
import { MAX_SOURCE_CONTEXT_BYTES } from '../validation/limits.ts';

/** The way a media file came in, as far as this backend had a hand in it; an envelope has its first letter. */
const METHODS = { c: 'client', p: 'pull', s: 'server' } as const;

type EnvelopeMethod = (typeof METHODS)[keyof typeof METHODS];

/** What a file may be at most. */
export interface UploadLimits {
  readonly maxBytes?: number | undefined;
  readonly maxSeconds?: number | undefined;
  /** File name extensions, lower case. */
  readonly mediaTypes?: readonly string[] | undefined;
}

/** What travels through VOD with an upload, inside `SourceContext`. */
export interface Envelope {
  readonly uploadId: string;
  readonly owner: string;
  readonly method: EnvelopeMethod;
  readonly limits?: UploadLimits | undefined;
  /** Unix seconds at which the media shall be deleted. */
  readonly mediaExpireTime?: number | undefined;
}

/** `SourceContext` taken apart: the caller's own part is empty where there is none. */
export interface DecodedSourceContext {
  /** Missing where the media came from elsewhere: the console, a live recording, another program. */
  readonly envelope?: Envelope;
  readonly sourceContext: string;
  /** Set where nothing proves that this service wrote the envelope: it is of version 1, and counts where the ledger knows it. */
  readonly unproven?: true;
}

/** By what a `SourceContext` is proven when it is written. */
export interface ContextSigner {
  /** As `deriveContextKey` makes it. */
  readonly key: string;
  /** Application of VOD that the upload is for; undefined for the account's main one. */
  readonly subAppId: number | undefined;
}

/** What proves contexts at one moment. */
export interface TrustedContexts {
  readonly keys: ContextKeys;
  /** Whether version 1, which has no MAC, is taken as well. */
  readonly acceptsV1: boolean;
}

/** By what a `SourceContext` is proven when it comes back. */
export interface ContextVerifier extends TrustedContexts {
  /** Applications that it may have been written for. */
  readonly subAppIds: readonly (number | undefined)[];
}

/**
 * Returns the schema of what an envelope holds, within the bounds of the requests that it comes of. Names are short since
 * every byte is taken from the caller's own 250. Behind these members of version 2 comes the MAC over them, as `a`.
 */
function createWireSchema() {
  const { maxBytes, maxSeconds, mediaTypes } = limitFields.entries;
  return v.strictObject({
    /** Version of this format, and the mark by which it is known. */
    vu: v.picklist([1, 2]),
    i: v.pipe(v.string(), v.regex(UPLOAD_ID)),
    o: v.pipe(
      v.string(),
      v.nonEmpty(),
      // The ledger's database has no such texts: https://www.postgresql.org/docs/current/datatype-character.html.
      v.check((owner) => owner.isWellFormed() && !owner.includes('\0')),
    ),
    m: v.picklist(['c', 'p', 's']),
    b: maxBytes,
    s: maxSeconds,
    t: mediaTypes,
    x: v.optional(integer(0, LAST_SECOND)),
    c: v.optional(v.string()),
  });
}

type WireSchema = ReturnType<typeof createWireSchema>;
type WireEnvelope = v.InferOutput<WireSchema>;

/** The same when it is written. */
type WrittenEnvelope = { readonly [Name in keyof WireEnvelope]: unknown };

/**
 * Returns the `SourceContext` that holds `envelope` and, unchanged, the caller's own `sourceContext`, with a MAC over both
 * and the application.
 *
 * @throws {Problem} `invalid_request` that tells how many bytes are left, where it does not fit.
 */
export function encodeSourceContext(
  envelope: Envelope,
  sourceContext: string | undefined,
  { key, subAppId }: ContextSigner,
): string {
  const { limits } = envelope;
  const wire: WrittenEnvelope = {
    vu: 2,
    i: envelope.uploadId,
    o: envelope.owner,
    m: envelope.method.charAt(0),
    b: limits?.maxBytes,
    s: limits?.maxSeconds,
    t: limits?.mediaTypes,
    x: envelope.mediaExpireTime,
    c: sourceContext,
  };
  const head = JSON.stringify(wire).slice(0, -1);
  if (Buffer.byteLength(head) + MAC_BYTES <= MAX_SOURCE_CONTEXT_BYTES) {
    return authenticate(head, key, subAppId);
  }
  const used = Buffer.byteLength(JSON.stringify({ ...wire, c: undefined })) - 1 + MAC_BYTES;
  throw refuseFields([explainOverflow(used, sourceContext)]);
}

/**
 * Returns the two parts of a `SourceContext` that VOD handed back. What is not proven, or is out of bounds, is no envelope:
 * then all of it is the context of the one who uploaded the media.
 */
export function decodeSourceContext(
  context: string,
  { keys, subAppIds, acceptsV1 }: ContextVerifier,
): DecodedSourceContext {
  const proven = isLikely(2, context) ? verify(context, keys, subAppIds) : undefined;
  const wire = proven === undefined ? undefined : readWire(proven);
  if (wire?.vu === 2) return describeWire(wire);
  const first = acceptsV1 ? readV1(context) : undefined;
  return first === undefined ? { sourceContext: context } : { ...first, unproven: true };
}

/** Returns `context` without an envelope of version 1; what has another one, or none, as it is. */
export function removeV1(context: string): string {
  return readV1(context)?.sourceContext ?? context;
}

function readV1(context: string): DecodedSourceContext | undefined {
  const wire = isLikely(1, context) ? readWire(context) : undefined;
  return wire?.vu === 1 ? describeWire(wire) : undefined;
}

/** Returns whether `context` begins as this service has written that version; what does not, is not looked at. */
function isLikely(version: 1 | 2, context: string): boolean {
  return context.startsWith(`{"vu":${version},`);
}

/** Made when it is first needed: what only writes envelopes needs none. */
let wireSchema: WireSchema | undefined;

function readWire(text: string): WireEnvelope | undefined {
  wireSchema ??= createWireSchema();
  const parsed = v.safeParse(wireSchema, parseJson(text));
  return parsed.success ? parsed.output : undefined;
}

function describeWire({ i, o, m, b, s, t, x, c }: WireEnvelope): DecodedSourceContext {
  const hasLimits = b !== undefined || s !== undefined || t !== undefined;
  return {
    envelope: {
      uploadId: i,
      owner: o,
      method: METHODS[m],
      ...(hasLimits ? { limits: { maxBytes: b, maxSeconds: s, mediaTypes: t } } : {}),
      ...(x === undefined ? {} : { mediaExpireTime: x }),
    },
    sourceContext: c ?? '',
  };
}

function explainOverflow(used: number, sourceContext: string | undefined): FieldError {
  // `,"c":` stands before the caller's text, which is itself written as JSON.
  const left = MAX_SOURCE_CONTEXT_BYTES - used - ',"c":'.length;
  const room = `VOD keeps ${MAX_SOURCE_CONTEXT_BYTES} bytes, and ${used} hold the upload's id, owner and limits`;
  // Without a text of the caller's own, what does not fit leaves less than nothing.
  if (left > 2) {
    const size = Buffer.byteLength(JSON.stringify(sourceContext));
    return {
      path: 'sourceContext',
      message: `must have at most ${left} bytes as a JSON text, quotes included; it has ${size}. ${room}`,
    };
  }
  return {
    path: sourceContext === undefined ? 'limits' : 'sourceContext',
    message: `leaves no room: ${room}; name fewer media types, or use a shorter "sub" in the token`,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keys that authenticate source contexts, as {@link deriveContextKey} makes them: the first signs, all of them verify. */
export type ContextKeys = readonly [string, ...string[]];

/** Names the use of a key, and the version of what it authenticates: no other use of the same secret has the same key. */
const KEY_LABEL = 'source-context/2';

/** 96 bits in Base64: https://www.rfc-editor.org/rfc/rfc2104#section-5 asks for 80 at least. */
const MAC_LENGTH = 16;

/** Number of bytes that {@link authenticate} adds to an object's text without its last brace. */
const MAC_BYTES = ',"a":""}'.length + MAC_LENGTH;

/** Returns the key for source contexts that comes of `secret`, as {@link deriveKey} makes it. */
export function deriveContextKey(secret: string | KeyObject): string {
  return deriveKey(secret, KEY_LABEL);
}

/**
 * Returns a JSON object with a MAC over all of it as its last member.
 *
 * @param head the object's text without its last brace; it has one member at least.
 * @param subAppId application of VOD that it is for; undefined for the account's main one.
 */
function authenticate(head: string, key: string, subAppId: number | undefined): string {
  return `${head},"a":"${computeMac(head, key, subAppId)}"}`;
}

/**
 * Returns the object of `text` without its MAC, if {@link authenticate} wrote it with one of `keys` for one of `subAppIds`;
 * undefined otherwise. Nothing of the text is written anew for that, so another spelling of the same object is no proof.
 */
function verify(
  text: string,
  keys: ContextKeys,
  subAppIds: readonly (number | undefined)[],
): string | undefined {
  // Hashing takes half of a surrogate pair for U+FFFD, which is another text.
  if (!text.isWellFormed()) return undefined;
  const head = text.slice(0, -MAC_BYTES);
  const isAuthentic = keys.some((key) =>
    subAppIds.some((subAppId) => secretEqual(text, authenticate(head, key, subAppId))),
  );
  return isAuthentic ? `${head}}` : undefined;
}

/**
 * One pass of SHA-256 over key and text is a sound MAC here, and a tenth of the price of an HMAC in Node.js: to go on from
 * a digest takes all of it (https://en.wikipedia.org/wiki/Length_extension_attack), and 160 of its 256 bits are not told.
 * Keys have one length, applications are numbers and objects begin with a brace, so no two inputs are written alike.
 */
function computeMac(head: string, key: string, subAppId: number | undefined): string {
  return hash('sha256', key + (subAppId ?? '') + head, 'base64url').slice(0, MAC_LENGTH);
}
