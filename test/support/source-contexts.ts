import type { ContextConfig } from '../../lib/config/context-config.ts';
import {
  type ContextKeys,
  type DecodedSourceContext,
  decodeSourceContext,
  deriveContextKey,
  type Envelope,
  encodeSourceContext,
} from '../../lib/model/source-context.ts';

/** Returns the keys of functions that have this `VOD_SECRET_KEY`, and no `SOURCE_CONTEXT_KEYS`. */
export function contextKeysOf(secretKey: string): ContextKeys {
  return [deriveContextKey(secretKey)];
}

/** The keys that prove contexts by default: those of `VOD_SECRET_KEY=secret-key-example`. */
export const CONTEXTS: ContextConfig = {
  keys: contextKeysOf('secret-key-example'),
  v1Until: undefined,
};

/** Options for reading contexts that have a MAC and belong to no application. */
export const NOWHERE = {
  subAppId: undefined,
  own: undefined,
  contexts: { keys: CONTEXTS.keys, acceptsV1: false },
};

/** What a context is issued for, if that is not {@link NOWHERE}. */
interface TestSigner {
  readonly keys?: ContextKeys;
  readonly subAppId?: number | undefined;
}

/** Returns a context as the functions write it. */
export function encodeContext(
  envelope: Envelope,
  sourceContext?: string,
  { keys = CONTEXTS.keys, subAppId }: TestSigner = {},
): string {
  return encodeSourceContext(envelope, sourceContext, { key: keys[0], subAppId });
}

/** Returns what the functions read from a context. */
export function decodeContext(
  context: string,
  { keys = CONTEXTS.keys, subAppId }: TestSigner = {},
): DecodedSourceContext {
  return decodeSourceContext(context, { keys, subAppIds: [subAppId], acceptsV1: false });
}

/** Returns a context as it was written before contexts had a MAC; any program can write it. */
export function writeV1Context(
  { uploadId, owner, method, limits, mediaExpireTime }: Envelope,
  sourceContext?: string,
): string {
  const { maxBytes, maxSeconds, mediaTypes } = limits ?? {};
  return JSON.stringify({
    ...{ vu: 1, i: uploadId, o: owner, m: method[0] },
    ...{ b: maxBytes, s: maxSeconds, t: mediaTypes, x: mediaExpireTime, c: sourceContext },
  });
}
