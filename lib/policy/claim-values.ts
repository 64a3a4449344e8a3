import { isJsonObject } from '../validation/json-object.ts';

/**
 * Claims that users can write themselves: https://supabase.com/docs/reference/server/types-jwtclaims and
 * https://clerk.com/docs/guides/users/extending.
 */
const WRITTEN_BY_USERS = /(?:^|\.)(?:user|unsafe)_?metadata(?:$|\.)/i;

/** What is wrong with a claim for which {@link isWrittenByUsers} is true. */
export const USERS_WRITE =
  'must not be a claim that users can write themselves; use one that only your servers write, such as app_metadata';

/** Returns whether users can write the claim at `path` themselves, so that it proves nothing about them. */
export function isWrittenByUsers(path: string): boolean {
  return WRITTEN_BY_USERS.test(path);
}

/**
 * Returns the values that `path` may mean: each dot is part of a name, or separates the name of an object from the name
 * of a member. The claim whose whole name is `path` comes first.
 */
export function findClaims(claims: unknown, path: string): readonly unknown[] {
  if (!isJsonObject(claims)) return [];
  const found: unknown[] = Object.hasOwn(claims, path) ? [claims[path]] : [];
  for (let dot = path.indexOf('.'); dot !== -1; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot);
    if (Object.hasOwn(claims, name)) found.push(...findClaims(claims[name], path.slice(dot + 1)));
  }
  return found;
}

/** Returns the texts that a claim says, each once: of a list each item, of a number or a truth value its JSON text. */
export function listTexts(claim: unknown): readonly string[] {
  return [...new Set([claim].flat().flatMap(toText))];
}

function toText(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  // A larger number may have lost digits, and be another one.
  return Number.isSafeInteger(value) || typeof value === 'boolean' ? [String(value)] : [];
}
