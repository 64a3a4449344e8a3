import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../config-error.ts';
import type { FieldError } from '../problem.ts';
import { isJsonObject } from '../validation/json-object.ts';
import type { Settings } from './settings.ts';

/** Bounds nothing, and sets nothing. */
const NO_SETTINGS: Settings = { keys: [], policy: { profiles: {}, select: [] }, rules: [] };

const FILE = 'settings.json';

/**
 * Returns the settings that were shipped in `folder`: none where there is no such file, and then at once.
 *
 * @throws {ConfigError} that says everything that is wrong with them, with its path, and no value.
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
  // Functions without settings never load what it takes to check them.
  const { parseSettings } = await import('./settings.ts');
  const { settings, errors } = parseSettings(input);
  if (settings !== undefined) return settings;
  throw refuse(errors);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // What the parser says quotes the text.
    throw refuse([{ path: '', message: 'must be JSON' }], cause);
  }
}

function refuse(errors: readonly FieldError[], cause?: unknown): ConfigError {
  const problems = errors.map(({ path, message }) => ({ variable: path || FILE, message }));
  return new ConfigError(problems, { source: 'these settings', cause });
}

/** The file is always shipped, and most are empty; those need no check. */
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
