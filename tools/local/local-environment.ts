import type { Environment } from '../../lib/config/environment.ts';
import { readVariables } from '../deploy/read-variables.ts';

/** Settings of the local stack that a file `.env` may have: those that lead nowhere and are no secrets. */
export const FROM_FILE = [
  ...['PORT', 'LOCAL_DIR', 'HTTP_TRIGGER', 'DEV_ORIGINS'],
  ...['VOD_EVENT_MODE', 'VOD_PULLS_PER_SECOND'],
] as const;

/**
 * Returns the environment of the local stack: that of the process, and of `.env.dev` or `.env` in `folder` what
 * {@link FROM_FILE} names. The rest of such a file is of the cloud: made-up uploads must reach neither its database
 * (`DATABASE_URL`) nor its consumers (`WEBHOOK_ENDPOINTS`), so those count where somebody sets them for this command.
 *
 * @throws {DeployError} where the file cannot be read, or would be read otherwise elsewhere.
 */
export async function readLocalEnvironment(
  environment: Environment,
  folder: string,
): Promise<Environment> {
  const all = await readVariables({ environment, folder });
  const own = Object.keys(environment).map((name) => [name, all[name]]);
  return Object.fromEntries([...FROM_FILE.map((name) => [name, all[name]]), ...own]);
}
