import { hash, type KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { type FieldError, refuseFields } from '../problem.ts';
import { deriveKey, secretEqual } from '../signing/secrets.ts';
import { integer, limitFields, UPLOAD_ID } from '../validation/fields.ts';
import { LAST_SECOND } from '../validation/iso-time.ts';
import { MAX_SOURCE_CONTEXT_BYTES } from '../validation/limits.ts';

/** The ways of uploading that this service takes part in; an envelope has the first letter of the name. */
const METHODS = { c: 'client', p: 'pull', s: 'server' } as const;

type EnvelopeMethod = (typeof METHODS)[keyof typeof METHODS];

/** Limits of a file. */
export interface UploadLimits {
  readonly maxBytes?: number | undefined;
  readonly maxSeconds?: number | undefined;
  /** File name extensions, lower case. */
  readonly mediaTypes?: readonly string[] | undefined;
}

/** What this service writes into an upload's `SourceContext`, which VOD returns with its events. */
export interface Envelope {
  readonly uploadId: string;
  readonly owner: string;
  readonly method: EnvelopeMethod;
  readonly limits?: UploadLimits | undefined;
  /** Unix seconds at which the media are to be deleted. */
  readonly mediaExpireTime?: number | undefined;
}

/** The parts of a `SourceContext`; the caller's own part is empty if there is none. */
export interface DecodedSourceContext {
  /** Missing if the media came from elsewhere, such as the console, a live recording or another program. */
  readonly envelope?: Envelope;
  readonly sourceContext: string;
  /**
   * Set if nothing proves who wrote the envelope: it has version 1, and is accepted only if the ledger knows the
   * upload.
   */
  readonly unproven?: true;
}

/** What the MAC of a `SourceContext` is computed with when it is written. */
export interface ContextSigner {
  /** Key of {@link deriveContextKey}. */
  readonly key: string;
  /** Application of VOD that the upload is for; undefined for the account's main one. */
  readonly subAppId: number | undefined;
}

/** What contexts are verified with. */
export interface TrustedContexts {
  readonly keys: ContextKeys;
  /** Whether version 1, which has no MAC, is accepted too. */
  readonly acceptsV1: boolean;
}

/** What a `SourceContext` that VOD returns is verified with. */
export interface ContextVerifier extends TrustedContexts {
  /** Applications of VOD for which it may have been written. */
  readonly subAppIds: readonly (number | undefined)[];
}

/**
 * Returns the schema of a written envelope, with the same bounds as requests. Names are short, since the envelope and
 * the caller's own text share 250 bytes. In version 2 the MAC over these members follows them, as `a`.
 */
function createWireSchema() {
  const { maxBytes, maxSeconds, mediaTypes } = limitFields.entries;
  return v.strictObject({
    /** Version of this format; its name identifies an envelope. */
    vu: v.picklist([1, 2]),
    i: v.pipe(v.string(), v.regex(UPLOAD_ID)),
    o: v.pipe(
      v.string(),
      v.nonEmpty(),
      // PostgreSQL cannot store such texts: https://www.postgresql.org/docs/current/datatype-character.html.
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

/** The members of an envelope that is about to be written. */
type WrittenEnvelope = { readonly [Name in keyof WireEnvelope]: unknown };

/**
 * Returns a `SourceContext` with `envelope` and the caller's own `sourceContext`, unchanged, and a MAC over both and
 * the application.
 *
 * @throws {Problem} `invalid_request` if it does not fit; it says how many bytes are left.
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
 * Returns the two parts of a `SourceContext` that VOD returned. A text that is not proven, or is out of bounds, is not
 * an envelope: then all of it is the uploader's own context.
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

/** Returns `context` without its envelope, if that has version 1; any other text is returned unchanged. */
export function removeV1(context: string): string {
  return readV1(context)?.sourceContext ?? context;
}

function readV1(context: string): DecodedSourceContext | undefined {
  const wire = isLikely(1, context) ? readWire(context) : undefined;
  return wire?.vu === 1 ? describeWire(wire) : undefined;
}

/** Returns whether `context` begins in the way in which this service writes that version; only then is it parsed. */
function isLikely(version: 1 | 2, context: string): boolean {
  return context.startsWith(`{"vu":${version},`);
}

/** Created on first use: code that only writes envelopes does not need it. */
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
  // `,"c":` precedes the caller's text, which is written as JSON.
  const left = MAX_SOURCE_CONTEXT_BYTES - used - ',"c":'.length;
  const room = `VOD keeps ${MAX_SOURCE_CONTEXT_BYTES} bytes, and ${used} hold the upload's id, owner and limits`;
  // If there is no text from the caller, nothing is left.
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

/** Keys of {@link deriveContextKey} that authenticate source contexts: the first one signs, all of them verify. */
export type ContextKeys = readonly [string, ...string[]];

/** Names the use of a key, and the version of what it authenticates: each use of the same secret has another key. */
const KEY_LABEL = 'source-context/2';

/** 96 bits in Base64: https://www.rfc-editor.org/rfc/rfc2104#section-5 requires at least 80. */
const MAC_LENGTH = 16;

/** Bytes that {@link authenticate} adds to the text of an object without its last brace. */
const MAC_BYTES = ',"a":""}'.length + MAC_LENGTH;

/** Returns the key for source contexts, derived from `secret`. */
export function deriveContextKey(secret: string | KeyObject): string {
  return deriveKey(secret, KEY_LABEL);
}

/**
 * Returns a JSON object with a MAC over all of it as its last member.
 *
 * @param head text of the object without its last brace; the object has at least one member.
 * @param subAppId application of VOD that it is for; undefined for the account's main one.
 */
function authenticate(head: string, key: string, subAppId: number | undefined): string {
  return `${head},"a":"${computeMac(head, key, subAppId)}"}`;
}

/**
 * Returns the object of `text` without its MAC, if {@link authenticate} wrote it with one of `keys` for one of `subAppIds`;
 * undefined otherwise. The text is compared as it is and not parsed, so another spelling of the same object does not
 * verify.
 */
function verify(
  text: string,
  keys: ContextKeys,
  subAppIds: readonly (number | undefined)[],
): string | undefined {
  // A hash encodes half of a surrogate pair as U+FFFD, so a different text would verify.
  if (!text.isWellFormed()) return undefined;
  const head = text.slice(0, -MAC_BYTES);
  const isAuthentic = keys.some((key) =>
    subAppIds.some((subAppId) => secretEqual(text, authenticate(head, key, subAppId))),
  );
  return isAuthentic ? `${head}}` : undefined;
}

/**
 * One pass of SHA-256 over key and text is a sound MAC here, and costs a tenth of an HMAC in Node.js: a length
 * extension attack (https://en.wikipedia.org/wiki/Length_extension_attack) needs the whole digest, and 160 of its 256
 * bits are not revealed. Keys have a fixed length, applications are numbers and objects begin with a brace, so two
 * different inputs never give the same text.
 */
function computeMac(head: string, key: string, subAppId: number | undefined): string {
  return hash('sha256', key + (subAppId ?? '') + head, 'base64url').slice(0, MAC_LENGTH);
}
