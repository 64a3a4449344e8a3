import { isJsonObject } from '../validation/json-object.ts';

/** Escapes that JSON has and PostgreSQL's `jsonb` refuses: NUL, and halves of surrogate pairs. */
const REFUSED_ESCAPE = /\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/**
 * Returns `value` as a JSON text that a `jsonb` column takes; what it cannot hold becomes U+FFFD.
 *
 * To be passed as `$1::text::jsonb`: the driver writes what goes to `jsonb` directly as JSON once more.
 */
export function writeJson(value: unknown): string {
  const text = JSON.stringify(value);
  return REFUSED_ESCAPE.test(text) ? JSON.stringify(value, replaceRefused) : text;
}

/** Returns `text` as a `text` column takes it. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

function replaceRefused(_name: string, value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [cleanText(name), held]));
}
