/** Returns whether a JSON value is an object, and neither an array nor null. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns `fields` without those that are null. Programs write null for a field that they leave out: one without a
 * value in Java, C# or Swift, a nil pointer in Go.
 */
export function dropNulls(
  fields: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (!Object.values(fields).includes(null)) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** An object that is stored as JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The same fields, none of which is undefined: those that could be undefined are optional instead. */
type Defined<Fields> = {
  [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name];
} & {
  [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<
    Fields[Name],
    undefined
  >;
};

/** Returns `fields` without those that are undefined. */
export function defined<Fields extends object>(fields: Fields): Defined<Fields>;
export function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Limits of a JSON text. */
export interface JsonBounds {
  /** Depth of nested objects and arrays. */
  readonly levels: number;
  /** Values in objects and arrays; an empty one counts as one value. */
  readonly values: number;
}

const QUOTE = '"'.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);

/** How a character changes the level, by its code. */
const STEPS = new Int8Array(128);
for (const character of '[{') STEPS[character.charCodeAt(0)] = 1;
for (const character of ']}') STEPS[character.charCodeAt(0)] = -1;

/**
 * Returns which of `bounds` a JSON text exceeds, or undefined if it exceeds none. A text that is not well-formed is
 * counted as far as it looks like JSON. The text is scanned, not parsed: a parser needs seconds and hundreds of
 * megabytes for a few megabytes of brackets.
 */
export function findExceeded(text: string, bounds: JsonBounds): keyof JsonBounds | undefined {
  let levels = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = findEnd(text, at);
      continue;
    }
    const step = STEPS[code] ?? 0;
    levels += step;
    if (step > 0 || code === COMMA) values += 1;
    if (levels > bounds.levels) return 'levels';
    if (values > bounds.values) return 'values';
  }
  return undefined;
}

/** Returns the index of the quotation mark that ends the string that begins at `start`, or the end of the text. */
function findEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
    // An even number of backslashes escapes one another.
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}
