import * as v from 'valibot';
import { type ContextKeys, deriveContextKey } from '../model/source-context.ts';
import { isoTime } from '../validation/fields.ts';
import { splitList } from './environment.ts';

/** How contexts that VOD returns are verified. */
export interface ContextConfig {
  readonly keys: ContextKeys;
  /** Unix seconds until which contexts without a MAC are accepted too; undefined if they are not. */
  readonly v1Until: number | undefined;
}

/** A MAC's key has at least the strength of the MAC: 32 characters of any of these alphabets have 128 bits or more. */
const CONTEXT_KEY = /^[\w+/=-]{32,128}$/;

/** Schema of `SOURCE_CONTEXT_KEYS`: Base64, Base64url or hexadecimal texts; the first one signs. */
export const sourceContextKeys = v.pipe(
  v.string(),
  v.transform(splitList),
  v.check(
    (keys) => keys.length > 0 && keys.every((key) => CONTEXT_KEY.test(key)),
    'must be a comma-separated list of keys of 32 to 128 letters, digits and +/=_-',
  ),
);

/** Schema of the variables for functions that verify contexts, or have no upload key. */
export const contextEnvironment = v.pipe(
  v.object({
    SOURCE_CONTEXT_KEYS: v.optional(sourceContextKeys),
    SOURCE_CONTEXT_V1_UNTIL: v.optional(isoTime),
    VOD_SECRET_KEY: v.optional(v.string(), ''),
    VOD_PREVIOUS_SECRET_KEY: v.optional(v.string(), ''),
  }),
  v.forward(
    v.partialCheck(
      [['SOURCE_CONTEXT_KEYS'], ['VOD_SECRET_KEY']],
      (e) => e.SOURCE_CONTEXT_KEYS !== undefined || e.VOD_SECRET_KEY !== '',
      'must be set, to the same value for signature, pull, callback and sweep; generate a key with "openssl rand -base64 32"',
    ),
    ['SOURCE_CONTEXT_KEYS'],
  ),
);

/** Returns the configuration in a checked environment. */
export function describeContexts(e: v.InferOutput<typeof contextEnvironment>): ContextConfig {
  const { SOURCE_CONTEXT_KEYS: configured, VOD_SECRET_KEY, VOD_PREVIOUS_SECRET_KEY } = e;
  const uploadKeys = [VOD_SECRET_KEY, VOD_PREVIOUS_SECRET_KEY].filter((key) => key !== '');
  const [first, ...others] = (configured ?? uploadKeys).map(deriveContextKey);
  if (first === undefined) throw new Error('There is no key for source contexts.');
  return { keys: [first, ...others], v1Until: e.SOURCE_CONTEXT_V1_UNTIL };
}
