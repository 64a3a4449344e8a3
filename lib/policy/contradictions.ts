import type { FieldError } from '../problem.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';

/**
 * Returns the contradictions between the parts of settings, as far as they can be read. The schema reports errors
 * within each part; callers report both together.
 */
export function findContradictions(settings: unknown): FieldError[] {
  const keys = listAt(settings, 'keys');
  const policy = at(settings, 'policy');
  const profiles = namesAt(policy, 'profiles');
  const select = listAt(policy, 'select');
  const tenants = namesAt(at(policy, 'tenants'), 'subAppIds');
  return [
    ...findUnknown(select, 'policy.select', 'profile', profiles),
    ...findUnknown(select, 'policy.select', 'key', texts(keys, 'name')),
    ...findUnknown(keys, 'keys', 'tenant', tenants),
    ...findUnused(profiles, texts(select, 'profile')),
    ...findUnreachable(select),
    ...findRepeated(keys, 'keys', 'name'),
    ...findRepeated(keys, 'keys', 'sha256'),
    ...findRepeated(listAt(settings, 'rules'), 'rules', 'name'),
  ];
}

function findUnknown(
  items: readonly unknown[],
  path: string,
  field: string,
  names: readonly string[],
): FieldError[] {
  return items.flatMap((item, place) => {
    const name = at(item, field);
    if (typeof name !== 'string' || names.includes(name)) return [];
    const others = names.length === 0 ? 'none' : names.join(', ');
    return [
      { path: `${path}.${place}.${field}`, message: `names no ${field}; there are ${others}` },
    ];
  });
}

/** A profile whose name is misspelt would bound no one. */
function findUnused(profiles: readonly string[], selected: readonly string[]): FieldError[] {
  return profiles
    .filter((name) => name !== DEFAULT_PROFILE && !selected.includes(name))
    .map((name) => ({
      path: `policy.profiles.${name}`,
      message: `is used by nobody: name it in policy.select, or call it ${DEFAULT_PROFILE}`,
    }));
}

/** The first matching entry is used, so one that only adds conditions to those of an earlier one is never used. */
function findUnreachable(select: readonly unknown[]): FieldError[] {
  const conditions = select.map(
    (entry) =>
      new Map(
        ['scope', 'key', 'claim']
          .filter((field) => at(entry, field) !== undefined)
          .map((field) => [field, describeCondition(at(entry, field))]),
      ),
  );
  return conditions.flatMap((own, place) => {
    const first = conditions
      .slice(0, place)
      .findIndex(
        (earlier) =>
          earlier.size > 0 &&
          Array.from(earlier).every(([field, value]) => own.get(field) === value),
      );
    return first === -1
      ? []
      : [
          {
            path: `policy.select.${place}`,
            message: `never applies: policy.select.${first} matches everyone whom it matches`,
          },
        ];
  });
}

function describeCondition(condition: unknown): string {
  return JSON.stringify(
    isJsonObject(condition) ? [condition['name'], condition['value']] : condition,
  );
}

function findRepeated(items: readonly unknown[], path: string, field: string): FieldError[] {
  const seen = new Set<string>();
  return items.flatMap((item, place) => {
    const value = at(item, field);
    if (typeof value !== 'string') return [];
    // The same digest may be written in letters of either case.
    const name = field === 'sha256' ? value.toLowerCase() : value;
    if (seen.has(name)) {
      return [{ path: `${path}.${place}.${field}`, message: 'must not appear twice' }];
    }
    seen.add(name);
    return [];
  });
}

function at(value: unknown, field: string): unknown {
  return isJsonObject(value) ? value[field] : undefined;
}

function listAt(value: unknown, field: string): readonly unknown[] {
  const list = at(value, field);
  return Array.isArray(list) ? list : [];
}

function namesAt(value: unknown, field: string): readonly string[] {
  const map = at(value, field);
  return isJsonObject(map) ? Object.keys(map) : [];
}

function texts(items: readonly unknown[], field: string): readonly string[] {
  return items.map((item) => at(item, field)).filter((name) => typeof name === 'string');
}
