import type { Chance } from '../support/chance.ts';

/** A JSON object that is being changed. */
export type Plain = Record<string, unknown>;

const TEXTS: readonly string[] = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1e999',
    'null',
    'true',
    'undefined',
    'NaN',
    '[]',
    '{}',
    '"',
    '\\',
    '\0',
    '\u2028',
    '\ufeff',
  ],
  ...[
    '\ud800',
    '\udfff',
    'a\udc00b',
    '😀',
    '\u202eabc',
    'ﷺ',
    'e\u0301',
    'K',
    'ß',
    'İ',
    '\r\nX-Injected: 1',
    '%00',
    '%',
    '%u0041',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'then',
    'length',
    'toJSON',
  ],
  ...[
    '{{7*7}}',
    "'; drop table uploads; --",
    '<script>',
    '../../etc/passwd',
    'file:///etc/passwd',
    'https://127.0.0.1/a.mp4',
  ],
  ...[
    'https://media.example.com/a.mp4',
    'https://[::1]/a.mp4',
    'https://例え.jp/a.mp4',
    '2026-02-30T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ],
];

const NUMBERS: readonly number[] = [
  ...[0, -0, 1, -1, 0.1, 1e21, 1e308, -1e308, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 5e-324],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
];

const NAMES: readonly string[] = [
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'then',
    'toJSON',
    '',
    '0',
    '-1',
    'length',
    '\ud800',
    '\0',
    'a.b',
    'ÿ',
  ],
  ...[
    'items',
    'limits',
    'mediaUrl',
    'uploadId',
    'EventType',
    'Sign',
    'T',
    'FileId',
    'headers',
    'body',
  ],
];

/** Returns one of `list`. */
export function pick<Item>(list: readonly Item[], chance: Chance): Item {
  const item = list[chance.below(list.length)];
  if (item === undefined) throw new RangeError('There is nothing to pick.');
  return item;
}

/** Returns any value: nested at most this number of levels deep, and usually small. */
export function makeJunk(chance: Chance, levels = 3): unknown {
  const kind = chance.below(levels > 0 ? 12 : 8);
  if (kind < 3) return makeText(chance);
  if (kind < 5) return pick(NUMBERS, chance);
  if (kind === 5) return chance.happens(0.5);
  if (kind === 6) return null;
  if (kind === 7) return undefined;
  const length = chance.below(4);
  if (kind < 10) return Array.from({ length }, () => makeJunk(chance, levels - 1));
  return makeObject(chance, levels);
}

function makeText(chance: Chance): string {
  if (chance.happens(0.6)) return pick(TEXTS, chance);
  if (chance.happens(0.02)) return pick(TEXTS, chance).repeat(2_000);
  const codes = Array.from({ length: chance.below(12) }, () => chance.below(0x1_00_00));
  return String.fromCharCode(...codes);
}

function makeObject(chance: Chance, levels: number): Plain {
  const made: Plain = {};
  for (let i = chance.below(5); i > 0; i -= 1) {
    set(made, pick(NAMES, chance), makeJunk(chance, levels - 1));
  }
  return made;
}

/** Sets an own property, also under a name that an assignment would apply to the prototype. */
function set(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    ...{ configurable: true, enumerable: true, writable: true },
  });
}

/**
 * Returns a copy of `value` with changes at this number of places: replaced, removed, repeated, or with unknown members
 * added.
 */
export function spoil<Value>(value: Value, places: number, chance: Chance): unknown {
  let spoilt: unknown = value;
  for (let i = 0; i < places; i += 1) spoilt = spoilOnce(spoilt, chance);
  return spoilt;
}

function spoilOnce(value: unknown, chance: Chance): unknown {
  if (typeof value !== 'object' || value === null || chance.happens(0.1)) return makeJunk(chance);
  const names = Object.keys(value);
  if (names.length === 0 || chance.happens(0.15)) return addStranger(value, chance);
  const name = pick(names, chance);
  const copy: object = Array.isArray(value) ? [...value] : { ...value };
  const held: unknown = Reflect.get(value, name);
  if (chance.happens(0.1)) Reflect.deleteProperty(copy, name);
  else set(copy, name, spoilOnce(held, chance));
  return copy;
}

function addStranger(value: object, chance: Chance): object {
  if (Array.isArray(value)) return [...value, makeJunk(chance)];
  const copy = { ...value };
  set(copy, pick(NAMES, chance), makeJunk(chance));
  return copy;
}

/** Returns a JSON text that is too large, too deep, truncated or not JSON. */
export function makeBrokenText(text: string, chance: Chance): string {
  switch (chance.below(6)) {
    case 0:
      return text.slice(0, chance.below(text.length + 1));
    case 1:
      return `${text}${pick(TEXTS, chance)}`;
    case 2:
      return chance.happens(0.05) ? `{"sourceContext":"${'x'.repeat(300_000)}"}` : 'x';
    case 3:
      return chance.happens(0.1) ? '['.repeat(100_000) : '[[[[';
    case 4:
      return chance.happens(0.1)
        ? `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`
        : '{"a":1,"a":2}';
    default:
      return Buffer.from(Array.from({ length: 40 }, () => chance.below(256))).toString('latin1');
  }
}
