import { refusal, type UgcRefusal } from './refusals.ts';

/** The fields of a signed query string, by name. */
export type SignedFields = ReadonlyMap<string, string>;

function wrong(detail: string, options?: ErrorOptions): UgcRefusal {
  return refusal('invalid signature', detail, options);
}

function decode(text: string, field: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw wrong(`${field} is not url-encoded`, { cause });
  }
}

/**
 * Returns the fields of a signed query string, form-url-decoded: both `%20` and `+` are a space, since the vendor's
 * samples in different languages use both. Throws {@link UgcRefusal} if a field occurs twice or is not encoded.
 */
export function parseSignedFields(original: string): SignedFields {
  const fields = new Map<string, string>();
  for (const pair of original.split('&')) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw wrong('the signed text is not a query string of key=value pairs');
    const name = decode(pair.slice(0, equals), 'a key');
    if (fields.has(name)) throw wrong(`${name} is there twice`);
    fields.set(name, decode(pair.slice(equals + 1), name));
  }
  return fields;
}

/** Returns the text of a field, or null if it is absent or empty (undocumented; both count as the same here). */
export function readText(fields: SignedFields, name: string): string | null {
  return fields.get(name) || null;
}

/** Returns the text of a field; throws {@link UgcRefusal} above `limit` bytes of UTF-8. */
export function readLimitedText(fields: SignedFields, name: string, limit: number): string | null {
  const text = readText(fields, name);
  const bytes = Buffer.byteLength(text ?? '');
  if (bytes > limit) throw wrong(`${name} is ${bytes} bytes long, the limit is ${limit}`);
  return text;
}

/** Returns the text of a required field; throws {@link UgcRefusal} if it is missing. */
export function readRequiredText(fields: SignedFields, name: string): string {
  const text = readText(fields, name);
  if (text === null) throw wrong(`${name} is missing`);
  return text;
}

/** Returns the field as a whole number, or `fallback` where it is absent; throws {@link UgcRefusal} outside the range. */
export function readInteger(
  fields: SignedFields,
  name: string,
  [min, max]: readonly [number, number],
  fallback: number,
): number {
  const text = fields.get(name);
  if (text === undefined) return fallback;
  const value = /^(?:0|-?[1-9]\d*)$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw wrong(`${name} must be a whole number from ${min} to ${max}, it is "${text}"`);
}

/** Returns a required whole number; throws {@link UgcRefusal} if it is missing or out of range. */
export function readRequiredInteger(fields: SignedFields, name: string, max: number): number {
  readRequiredText(fields, name);
  return readInteger(fields, name, [0, max], 0);
}
