import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../config/environment.ts';
import type { FieldError } from '../problem.ts';
import type { Settings } from './settings.ts';

/** Bounds nothing, and sets nothing. */
const NO_SETTINGS: Settings = { keys: [], policy: { profiles: {}, select: [] }, rules: [] };

const FILE = 'settings.json';

/**
 * Answers the settings that were shipped in `folder`: none where there is no such file, and then at once.
 *
 * @throws {ConfigError} that says everything that is wrong with them, with its path, and no value.
 */
export function loadSettings(folder: string): Settings | Promise<Settings> {
  const text = readFile(join(folder, FILE));
  return text === undefined ? NO_SETTINGS : parseText(text);
}

function readFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw refuse([{ path: '', message: 'cannot be read' }], error);
  }
}

async function parseText(text: string): Promise<Settings> {
  // Functions without settings never load what it takes to check them.
  const { parseSettings } = await import('./settings.ts');
  const { settings, errors } = parseSettings(parseJson(text));
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
