import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Returns the path of a PgBouncer on this machine; Debian installs it in a folder that is not in the PATH of users. */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));
}
