import { isJsonObject } from '../validation/json-object.ts';

/**
 * Returns the JSON text that equal values share: members in the order of their names, and without those that are
 * `null`, since VOD means the same by `null` and by no member.
 *
 * It does not recurse: a value that came out of a queue may be deeper than any stack is.
 */
export function canonicalJson(value: unknown): string {
  const text: string[] = [];
  const open: Container[] = [];
  writeValue(value, text, open);
  for (let container = open.at(-1); container !== undefined; container = open.at(-1)) {
    if (container.next < container.length) writeNext(container, text, open);
    else {
      text.push(container.names === undefined ? ']' : '}');
      open.pop();
    }
  }
  return text.join('');
}

/** An object or array that is written as far as `next`. */
interface Container {
  readonly holder: object;
  /** Of an object. */
  readonly names: readonly string[] | undefined;
  readonly length: number;
  next: number;
}

/** Writes the next member, or the beginning of it. */
function writeNext(container: Container, text: string[], open: Container[]): void {
  const { holder, names, next } = container;
  container.next += 1;
  const name = names === undefined ? next : (names[next] ?? '');
  if (next > 0) text.push(',');
  if (names !== undefined) text.push(JSON.stringify(name), ':');
  writeValue(Reflect.get(holder, name), text, open);
}

/** Writes a value, or the beginning of one that holds others. */
function writeValue(value: unknown, text: string[], open: Container[]): void {
  if (Array.isArray(value)) {
    text.push('[');
    open.push({ holder: value, names: undefined, length: value.length, next: 0 });
  } else if (isJsonObject(value)) {
    const names = Object.keys(value).filter((name) => (value[name] ?? null) !== null);
    text.push('{');
    open.push({ holder: value, names: names.sort(), length: names.length, next: 0 });
  } else {
    text.push(JSON.stringify(value) ?? 'null');
  }
}

/** Returns a copy of `value` without members that are `null`. It does not recurse either. */
export function copyWithoutNulls(value: unknown): unknown {
  const holder: unknown[] = [];
  const pending: Pair[] = [];
  put(holder, 0, value, pending);
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const { from, to } = pair;
    const isArray = Array.isArray(from);
    for (const [name, held] of Object.entries(from)) {
      if (isArray || (held ?? null) !== null) put(to, name, held ?? null, pending);
    }
  }
  return holder[0];
}

/** An object or array, and the empty copy that is to get its members. */
interface Pair {
  readonly from: object;
  readonly to: object;
}

function put(to: object, name: PropertyKey, value: unknown, pending: Pair[]): void {
  const isArray = Array.isArray(value);
  const copy = isArray ? [] : isJsonObject(value) ? {} : value;
  if (typeof value === 'object' && value !== null) pending.push({ from: value, to: Object(copy) });
  // To set `__proto__` would be to change what the copy inherits.
  if (name !== '__proto__') Reflect.set(to, name, copy);
  else Object.defineProperty(to, name, { value: copy, ...OWN });
}

const OWN = { writable: true, enumerable: true, configurable: true } as const;

/** Ids are indexed, and an index takes no long ones: https://www.postgresql.org/docs/current/btree.html. */
const ID = /^[\w.:-]{1,128}$/;

/** Returns `value` where it has the form of an id of VOD's. */
export function readId(value: unknown): string | undefined {
  return typeof value === 'string' && ID.test(value) ? value : undefined;
}

/** Returns a text of VOD's; an empty one is one that VOD left out. */
export function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Returns a whole number of VOD's that JSON carries exactly. */
export function readWhole(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** Returns an amount of VOD's, such as bytes or seconds: a number that is finite and not below 0. */
export function readAmount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
