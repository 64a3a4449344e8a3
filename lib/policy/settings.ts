import * as v from 'valibot';
import type { FieldError } from '../problem.ts';
import { limitFields } from '../validation/fields.ts';
import { profileSchema } from './profile.ts';
import { rulesSchema } from './rule.ts';
import { listOf, strictMap } from './strict-map.ts';

const name = v.pipe(
  v.string('must be a text'),
  v.regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, hyphens or underscores'),
);

const scope = v.pipe(
  v.string('must be a text'),
  // https://www.rfc-editor.org/rfc/rfc6749#section-3.3
  v.regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'must be a scope, without spaces'),
);

const apiKey = strictMap({
  name,
  /** SHA-256 of the key, in hexadecimal. The key itself is written down nowhere. */
  sha256: v.pipe(
    v.string('must be a text'),
    v.regex(/^[0-9a-f]{64}$/i, 'must be the SHA-256 of the key: 64 hexadecimal digits'),
    v.toLowerCase(),
  ),
  scopes: listOf(scope),
  /** Whose the uploads are that it begins: its name where this is missing. */
  owner: v.optional(name),
});

const selection = v.pipe(
  strictMap({
    profile: name,
    scope: v.optional(scope),
    key: v.optional(name),
    claim: v.optional(strictMap({ name, value: v.string('must be a text') })),
  }),
  v.check(
    (entry) => [entry.scope, entry.key, entry.claim].some((given) => given !== undefined),
    'must say whom it is for: a scope, a key or a claim',
  ),
);

const tenants = strictMap({
  /** Claim of the token that names the tenant. */
  claim: name,
  /** Application of each tenant. */
  subAppIds: v.record(
    name,
    v.pipe(
      v.number('must be a number'),
      v.integer('must be whole'),
      v.minValue(1, 'must be positive'),
    ),
    'must be a map',
  ),
});

const mediaLimits = strictMap(limitFields.entries);

const policySchema = strictMap({
  profiles: v.optional(v.record(name, profileSchema, 'must be a map'), {}),
  /** The first that fits a caller names the profile; `default` holds for the others. */
  select: v.optional(v.array(selection, 'must be a list'), []),
  tenants: v.optional(tenants),
  /** What media may be at most that came by the console, or from another program. */
  console: v.optional(mediaLimits),
  /** The same for recordings. */
  live: v.optional(mediaLimits),
});

const settingsSchema = strictMap({
  keys: v.optional(v.array(apiKey, 'must be a list'), []),
  policy: v.optional(policySchema, {}),
  rules: v.optional(rulesSchema, []),
});

/** Who may ask for what, and what is done to new media: `custom.upload` of serverless.yml. */
export type Settings = v.InferOutput<typeof settingsSchema>;

/** An API key, as far as it is known here. */
export type ApiKey = v.InferOutput<typeof apiKey>;

/** What callers may ask for, and what media may be. */
export type Policy = v.InferOutput<typeof policySchema>;

/** Settings, or everything that is wrong with them. */
export type ParsedSettings =
  | { readonly settings: Settings; readonly errors?: undefined }
  | { readonly errors: readonly FieldError[]; readonly settings?: undefined };

/** Answers the settings that `input` is, a parsed JSON or YAML value; nothing is refused and nothing set by an empty one. */
export function parseSettings(input: unknown): ParsedSettings {
  const result = v.safeParse(settingsSchema, input);
  const errors = [
    ...(result.issues ?? []).map((issue) => ({
      path: v.getDotPath(issue) ?? '',
      message: issue.message,
    })),
    ...(result.success ? findContradictions(result.output) : []),
  ];
  return result.success && errors.length === 0 ? { settings: result.output } : { errors };
}

/** What each part alone cannot know. */
function findContradictions({ keys, policy, rules }: Settings): FieldError[] {
  const { profiles, select } = policy;
  const unknownProfiles = select.flatMap(({ profile }, place) =>
    Object.hasOwn(profiles, profile)
      ? []
      : [
          {
            path: `policy.select.${place}.profile`,
            message: `names no profile; there are ${list(Object.keys(profiles))}`,
          },
        ],
  );
  const unknownKeys = select.flatMap(({ key }, place) =>
    key === undefined || keys.some((known) => known.name === key)
      ? []
      : [
          {
            path: `policy.select.${place}.key`,
            message: `names no key; there are ${list(keys.map((known) => known.name))}`,
          },
        ],
  );
  return [
    ...unknownProfiles,
    ...unknownKeys,
    ...findRepeated(keys, 'keys', 'name'),
    ...findRepeated(keys, 'keys', 'sha256'),
    ...findRepeated(rules, 'rules', 'name'),
  ];
}

function findRepeated<Name extends string>(
  items: readonly Readonly<Record<Name, string>>[],
  path: string,
  field: Name,
): FieldError[] {
  const seen = new Set<string>();
  return items.flatMap((item, place) => {
    const repeated = seen.has(item[field]);
    seen.add(item[field]);
    return repeated
      ? [{ path: `${path}.${place}.${field}`, message: 'must not be there twice' }]
      : [];
  });
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
