import * as v from 'valibot';
import type { FieldError } from '../problem.ts';
import { integer, limitFields, UPLOAD_ID } from '../validation/fields.ts';
import { LAST_SECOND } from '../validation/iso-time.ts';
import { MAX_SOURCE_CONTEXT_BYTES } from '../validation/limits.ts';
import { refuseFields } from '../validation/parse-fields.ts';
import { authenticate, type ContextKeys, MAC_BYTES, verify } from './source-context-mac.ts';

/** The way a media file came in, as far as this backend had a hand in it. */
type EnvelopeMethod = 'client' | 'pull' | 'server';

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

const METHOD_LETTER = { client: 'c', pull: 'p', server: 's' } as const;
const LETTER_METHOD = { c: 'client', p: 'pull', s: 'server' } as const;

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
type WrittenEnvelope = Omit<WireEnvelope, 't'> & { readonly t: UploadLimits['mediaTypes'] };

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
    m: METHOD_LETTER[envelope.method],
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
  const head = isLikely(2, context) ? verify(context, keys, subAppIds) : undefined;
  const wire = head === undefined ? undefined : readWire(`${head}}`);
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
      method: LETTER_METHOD[m],
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
  if (sourceContext !== undefined && left > 2) {
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
