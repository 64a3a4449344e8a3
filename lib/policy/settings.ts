import * as v from 'valibot';
import type { FieldError } from '../problem.ts';
import { limitFields, subAppId } from '../validation/fields.ts';
import { isWrittenByUsers, USERS_WRITE } from './claim-values.ts';
import { findContradictions } from './contradictions.ts';
import { profileSchema } from './profile.ts';
import { rulesSchema } from './rule.ts';
import { mapOf, name, strictMap } from './strict-map.ts';

const scope = v.pipe(
  v.string('must be a string'),
  // https://www.rfc-editor.org/rfc/rfc6749#section-3.3
  v.regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'must be a scope, without spaces'),
);

/** The required value of a claim. */
const claimText = v.pipe(
  v.string('must be a string'),
  v.regex(/^\P{Cc}{1,256}$/u, 'must have 1 to 256 characters'),
);

/** Name of a claim, or a path to one. */
const claimName = v.pipe(
  claimText,
  v.check((path) => !isWrittenByUsers(path), USERS_WRITE),
);

const apiKey = strictMap({
  name,
  /** SHA-256 of the key, in hexadecimal. The key itself is not stored anywhere. */
  sha256: v.pipe(
    v.string('must be a string'),
    v.regex(/^[0-9a-f]{64}$/i, 'must be the SHA-256 of the key: 64 hexadecimal digits'),
    v.toLowerCase(),
  ),
  scopes: v.pipe(v.array(scope, 'must be a list'), v.minLength(1, 'must name a scope')),
  /** Owner of the uploads that begin with this key; without it, the key's name. */
  owner: v.optional(name),
  /** Tenant that the key belongs to, since a key has no claims. */
  tenant: v.optional(name),
});

const selection = v.pipe(
  strictMap({
    profile: name,
    scope: v.optional(scope),
    key: v.optional(name),
    claim: v.optional(strictMap({ name: claimName, value: claimText })),
  }),
  v.check(
    (entry) => [entry.scope, entry.key, entry.claim].some((given) => given !== undefined),
    'must say who it is for: a scope, a key or a claim',
  ),
);

const tenants = strictMap({
  /** Claim of the token that names the tenant. */
  claim: claimName,
  /** Application of each tenant. */
  subAppIds: mapOf(subAppId),
});

const mediaLimits = strictMap(limitFields.entries);

const policySchema = strictMap({
  profiles: v.optional(mapOf(profileSchema), {}),
  /** The first entry that matches a caller names its profile; `default` is for all others. */
  select: v.optional(v.array(selection, 'must be a list'), []),
  tenants: v.optional(tenants),
  /** Limits of media that came from the console or another program. */
  console: v.optional(mediaLimits),
  /** Limits of recordings of live streams. */
  live: v.optional(mediaLimits),
});

const settingsSchema = strictMap({
  keys: v.optional(v.array(apiKey, 'must be a list'), []),
  policy: v.optional(policySchema, {}),
  rules: v.optional(rulesSchema, []),
});

/** Who may ask for what, and what is done to new media: `custom.upload` of serverless.yml. */
export type Settings = v.InferOutput<typeof settingsSchema>;

/** An API key: its digest, and what it permits. */
export type ApiKey = v.InferOutput<typeof apiKey>;

/** What callers may ask for, and limits of media. */
export type Policy = v.InferOutput<typeof policySchema>;

/** Settings, or all errors in them. */
export type ParsedSettings =
  | { readonly settings: Settings; readonly errors?: undefined }
  | { readonly errors: readonly FieldError[]; readonly settings?: undefined };

/**
 * Returns `input`, a parsed JSON or YAML value, as settings, or all errors in it together. An empty map bounds nothing
 * and sets nothing.
 */
export function parseSettings(input: unknown): ParsedSettings {
  const result = v.safeParse(settingsSchema, input);
  const malformed = (result.issues ?? []).map((issue) => ({
    path: v.getDotPath(issue) ?? '',
    message: issue.message,
  }));
  // For a path that is malformed, no contradiction is reported in addition.
  const known = new Set(malformed.map(({ path }) => path));
  const errors = [
    ...malformed,
    ...findContradictions(input).filter(({ path }) => !known.has(path)),
  ];
  return result.success && errors.length === 0 ? { settings: result.output } : { errors };
}
