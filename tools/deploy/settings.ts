import { parseSettings } from '../../lib/policy/settings.ts';
import { isJsonObject } from '../../lib/validation/json-object.ts';
import { DeployError, listProblems } from './deploy-error.ts';

/** Name of the file, in the same folder as the bundles. */
export const SETTINGS_FILE = 'settings.json';

/**
 * Returns keys, policy and rules from `custom.upload` of serverless.yml, as the JSON that is shipped.
 *
 * @param custom the file's `custom`.
 * @throws {DeployError} that names everything wrong in them, and never a value.
 */
export function readSettings(custom: unknown): string {
  const upload = isJsonObject(custom) ? custom['upload'] : undefined;
  if (upload === undefined || upload === null) return '{}\n';
  if (!isJsonObject(upload)) throw new DeployError('custom.upload must be a map.');
  // YAML turns a time without quotes into a date: https://yaml.org/type/timestamp.html.
  const settings: unknown = JSON.parse(JSON.stringify(upload));
  const { errors } = parseSettings(settings);
  if (errors !== undefined) {
    const problems = errors.map(
      ({ path, message }) => `${['custom.upload', path].filter(Boolean).join('.')} ${message}`,
    );
    throw new DeployError(
      listProblems('The functions would not serve with these settings:', problems),
    );
  }
  return `${JSON.stringify(sortKeys(settings))}\n`;
}

/** Returns `value` with the keys of every object sorted, so that the order of a file's lines changes nothing. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
