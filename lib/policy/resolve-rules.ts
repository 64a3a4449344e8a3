import type { UploadMethod } from '../model/upload-state.ts';
import type { Rule, RuleEffects } from './rule.ts';

/** Fields of a new media file that rules can match; a missing field matches nothing. */
export interface NewMedia {
  readonly method: UploadMethod;
  /** Application of VOD. */
  readonly subAppId?: number | undefined;
  readonly classId?: number | undefined;
  readonly region?: string | undefined;
  readonly owner?: string | undefined;
  readonly name?: string | undefined;
  /** Id of the live stream that it was recorded from. */
  readonly stream?: string | undefined;
}

/** A value to be set, and the name of the rule that sets it. */
export interface Chosen<Value> {
  readonly value: Value;
  readonly rule: string;
}

/** What all rules together set for one media file. */
export interface ResolvedRules {
  readonly classId?: Chosen<number> | undefined;
  readonly expiry?: Chosen<Pick<RuleEffects, 'expireAfter' | 'expireTime'>> | undefined;
  readonly tags?: Chosen<readonly string[]> | undefined;
  readonly coverUrl?: Chosen<string> | undefined;
  readonly procedure?: Chosen<NonNullable<RuleEffects['procedure']>> | undefined;
}

/** Returns what is to be set for `media`: each field has the value of the first matching rule that sets it. */
export function resolveRules(rules: readonly Rule[], media: NewMedia): ResolvedRules {
  const matching = rules.filter(({ match }) => matchesMedia(match, media));
  const choose = <Value>(
    pick: (set: RuleEffects) => Value | undefined,
  ): Chosen<Value> | undefined => {
    for (const { name, set } of matching) {
      const value = pick(set);
      if (value !== undefined) return { value, rule: name };
    }
    return undefined;
  };
  return {
    classId: choose(({ classId }) => classId),
    expiry: choose(({ expireAfter, expireTime }) =>
      expireAfter === undefined && expireTime === undefined
        ? undefined
        : { expireAfter, expireTime },
    ),
    tags: choose(({ tags }) => tags),
    coverUrl: choose(({ coverUrl }) => coverUrl),
    procedure: choose(({ procedure }) => procedure),
  };
}

function matchesMedia(match: Rule['match'], media: NewMedia): boolean {
  const { methods, subAppIds, classIds, regions, owners, name, streams } = match;
  return [
    isAmong(methods, media.method),
    isAmong(subAppIds, media.subAppId),
    isAmong(classIds, media.classId),
    isAmong(regions, media.region),
    fits(owners, media.owner),
    fits(name === undefined ? undefined : [name], media.name),
    fits(streams, media.stream),
  ].every(Boolean);
}

function isAmong<Value>(allowed: readonly Value[] | undefined, value: Value | undefined): boolean {
  return allowed === undefined || (value !== undefined && allowed.includes(value));
}

function fits(patterns: readonly string[] | undefined, name: string | undefined): boolean {
  if (patterns === undefined) return true;
  return name !== undefined && patterns.some((pattern) => matchesName(name, pattern));
}

/** Returns whether `name` matches `pattern`, in which `*` stands for any text, even an empty one. */
export function matchesName(name: string, pattern: string): boolean {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return name === pattern;
  if (!name.startsWith(head) || !name.endsWith(tail)) return false;
  // Each part is matched as early as possible, which leaves the most text for the next ones, so no backtracking is
  // needed.
  let place = head.length;
  const end = name.length - tail.length;
  for (const part of rest) {
    const found = name.indexOf(part, place);
    if (found === -1) return false;
    place = found + part.length;
  }
  return place <= end;
}
