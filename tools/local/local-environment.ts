import type { Environment } from '../../lib/config/environment.ts';
import { readVariables } from '../deploy/read-variables.ts';

/** Settings of the local stack that are read from a file `.env`: those without addresses and secrets. */
export const FROM_FILE = [
  ...['PORT', 'LOCAL_DIR', 'HTTP_TRIGGER', 'DEV_ORIGINS'],
  ...['VOD_EVENT_MODE', 'VOD_PULLS_PER_SECOND', 'VOD_CALLS_PER_SECOND', 'VOD_BACKGROUND_PERCENT'],
  ...['RETENTION', 'CORS_HEADERS'],
  ...['VOD_PROCEDURES', 'VOD_CLASS_IDS', 'VOD_UNKNOWN_NAMES'],
] as const;

/**
 * Returns the environment of the local stack: that of the process, and the variables {@link FROM_FILE} of `.env.dev` or
 * `.env` in `folder`. The rest of the file is for the cloud: simulated uploads must reach neither its database
 * (`DATABASE_URL`) nor its consumers (`WEBHOOK_ENDPOINTS`), so these are read only from the environment of this
 * command.
 *
 * @throws {DeployError} if the file cannot be read, or other programs would read it differently.
 */
export async function readLocalEnvironment(
  environment: Environment,
  folder: string,
): Promise<Environment> {
  const all = await readVariables({ environment, folder });
  const own = Object.keys(environment).map((name) => [name, all[name]]);
  return Object.fromEntries([...FROM_FILE.map((name) => [name, all[name]]), ...own]);
}
