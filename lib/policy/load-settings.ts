import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../config/environment.ts';
import { parseSettings, type Settings } from './settings.ts';

const FILE = 'settings.json';

/**
 * Answers the settings that were shipped in `directory`: none where there is no such file.
 *
 * @throws {ConfigError} that says everything that is wrong with them, with its path, and no value.
 */
export function loadSettings(directory: string): Settings {
  const { settings, errors } = parseSettings(readJson(join(directory, FILE)));
  if (settings !== undefined) return settings;
  throw new ConfigError(
    errors.map(({ path, message }) => ({ variable: `${FILE} ${path}`.trim(), message })),
  );
}

function readJson(file: string): unknown {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '{}';
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says quotes the text; that it is no map is said in any case.
    return undefined;
  }
}
