import * as v from 'valibot';
import type { FieldError } from '../problem.ts';
import { MAX_SOURCE_CONTEXT_BYTES } from '../validation/limits.ts';
import { refuseFields } from '../validation/parse-fields.ts';

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
export interface OpenedContext {
  /** Missing where the media came from elsewhere: the console, a live recording, another program. */
  readonly envelope?: Envelope;
  readonly sourceContext: string;
}

const METHOD_LETTER = { client: 'c', pull: 'p', server: 's' } as const;
const LETTER_METHOD = { c: 'client', p: 'pull', s: 'server' } as const;

// Names are short since every byte is taken from the caller's own 250.
const wireEnvelope = v.strictObject({
  /** Version of this format, and the mark by which it is known. */
  vu: v.literal(1),
  i: v.string(),
  o: v.string(),
  m: v.picklist(['c', 'p', 's']),
  b: v.optional(v.number()),
  s: v.optional(v.number()),
  t: v.optional(v.array(v.string())),
  x: v.optional(v.number()),
  c: v.optional(v.string()),
});

/**
 * Answers the `SourceContext` that holds `envelope` and, unchanged, the caller's own `sourceContext`.
 *
 * @throws {Problem} `invalid_request` that tells how many bytes are left, where it does not fit.
 */
export function sealEnvelope(envelope: Envelope, sourceContext?: string): string {
  const { limits } = envelope;
  const wire: v.InferInput<typeof wireEnvelope> = {
    vu: 1,
    i: envelope.uploadId,
    o: envelope.owner,
    m: METHOD_LETTER[envelope.method],
    b: limits?.maxBytes,
    s: limits?.maxSeconds,
    t: limits?.mediaTypes === undefined ? undefined : [...limits.mediaTypes],
    x: envelope.mediaExpireTime,
    c: sourceContext,
  };
  const sealed = JSON.stringify(wire);
  if (Buffer.byteLength(sealed) <= MAX_SOURCE_CONTEXT_BYTES) return sealed;
  throw refuseFields([explainOverflow(JSON.stringify({ ...wire, c: undefined }), sourceContext)]);
}

/** Answers the two parts of a `SourceContext` that VOD handed back. Anything but our envelope is the caller's own. */
export function openEnvelope(context: string): OpenedContext {
  const parsed = v.safeParse(wireEnvelope, parseJson(context));
  if (!parsed.success) return { sourceContext: context };

  const { i, o, m, b, s, t, x, c } = parsed.output;
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

function explainOverflow(empty: string, sourceContext: string | undefined): FieldError {
  const used = Buffer.byteLength(empty);
  // `,"c":` stands before the caller's text, which is itself written as JSON.
  const left = MAX_SOURCE_CONTEXT_BYTES - used - ',"c":'.length;
  if (sourceContext !== undefined && left > 2) {
    const size = Buffer.byteLength(JSON.stringify(sourceContext));
    return {
      path: 'sourceContext',
      message: `must have at most ${left} bytes as a JSON text, quotes included; it has ${size}. VOD keeps ${MAX_SOURCE_CONTEXT_BYTES} bytes, and ${used} hold the upload's id, owner and limits`,
    };
  }
  return {
    path: sourceContext === undefined ? 'limits' : 'sourceContext',
    message: `leaves no room: VOD keeps ${MAX_SOURCE_CONTEXT_BYTES} bytes, and the upload's id, owner and limits take ${used}; name fewer media types, or use a shorter "sub" in the token`,
  };
}

function parseJson(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
