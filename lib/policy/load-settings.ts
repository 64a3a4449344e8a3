import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../config-error.ts';
import type { FieldError } from '../problem.ts';
import { isJsonObject } from '../validation/json-object.ts';
import type { Settings } from './settings.ts';

/** Settings that bound nothing and set nothing. */
const NO_SETTINGS: Settings = { keys: [], policy: { profiles: {}, select: [] }, rules: [] };

const FILE = 'settings.json';

/**
 * Returns the settings that were deployed in `folder`; if there is no such file, empty ones, without a promise.
 *
 * @throws {ConfigError} that lists everything that is wrong with them, by path and without values.
 */
export function loadSettings(folder: string): Settings | Promise<Settings> {
  const text = readFile(join(folder, FILE));
  const input = text === undefined ? {} : parseJson(text);
  return saysNothing(input) ? NO_SETTINGS : parse(input);
}

function readFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw refuse([{ path: '', message: 'cannot be read' }], error);
  }
}

async function parse(input: unknown): Promise<Settings> {
  // Functions without settings never load the code that checks them.
  const { parseSettings } = await import('./settings.ts');
  const { settings, errors } = parseSettings(input);
  if (settings !== undefined) return settings;
  throw refuse(errors);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser's message quotes the text, so it is replaced.
    throw refuse([{ path: '', message: 'must be JSON' }], cause);
  }
}

function refuse(errors: readonly FieldError[], cause?: unknown): ConfigError {
  const problems = errors.map(({ path, message }) => ({ variable: path || FILE, message }));
  return new ConfigError(problems, { source: 'these settings', cause });
}

/** The file is always deployed, and is mostly empty; an empty one needs no check. */
function saysNothing(input: unknown): boolean {
  return (
    isJsonObject(input) &&
    Object.entries(input).every(
      ([name, value]) => Object.hasOwn(NO_SETTINGS, name) && isEmpty(value),
    )
  );
}

function isEmpty(value: unknown): boolean {
  return (isJsonObject(value) || Array.isArray(value)) && Object.keys(value).length === 0;
}
