import { parseSettings, type Settings } from '../../lib/policy/settings.ts';

/** Returns the settings that are written as `input`, for example in serverless.yml. */
export function settingsOf(input: object): Settings {
  const { settings, errors } = parseSettings(input);
  if (settings === undefined) throw new Error(JSON.stringify(errors));
  return settings;
}

/** Settings that refuse nothing and set nothing. */
export const NO_SETTINGS: Settings = settingsOf({});
