import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPgBouncer } from './find-pgbouncer.ts';
import { listen } from './listen.ts';

/** A PgBouncer in front of a PostgreSQL. */
export interface PgBouncer {
  /** Returns the URL of a database through the pooler, where it has the same name as on the server. */
  urlOf(databaseUrl: string): string;
  close(): Promise<void>;
}

/** Password of all users of the pooler. */
const PASSWORD = 'pooled-example';

/**
 * Starts the installed PgBouncer in the pool mode `transaction`, otherwise with its defaults, which refuse every
 * startup parameter that it does not know.
 *
 * @param server URL of a superuser of the server behind it.
 * @param settings further lines of its configuration.
 */
export async function startPgBouncer(
  server: string,
  settings: readonly string[] = [],
): Promise<PgBouncer> {
  const program = findPgBouncer() ?? 'pgbouncer';
  const { hostname, port: serverPort, username, password } = new URL(server);
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'));
  const port = await findFreePort();
  const ini = join(folder, 'pgbouncer.ini');
  await writeFile(join(folder, 'users.txt'), `"${username}" "${PASSWORD}"\n`);
  await writeFile(
    ini,
    `[databases]
* = host=${hostname} port=${serverPort} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = md5
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
${settings.join('\n')}
`,
  );
  // It does not run as root, and its user must be able to read the folder.
  await chmod(folder, 0o755);
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const pooler = spawn(program, [...user, ini], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise((done) => pooler.once('close', done));
  await new Promise<void>((up, failed) => {
    let said = '';
    pooler.once('error', failed);
    pooler.once('close', () => failed(new Error(`PgBouncer did not start: ${said}`)));
    pooler.stderr.on('data', (data) => {
      said += data;
      if (said.includes('process up')) up();
    });
  });
  return {
    urlOf(databaseUrl) {
      const url = new URL(databaseUrl);
      url.host = `127.0.0.1:${port}`;
      url.password = PASSWORD;
      return url.href;
    },
    async close() {
      pooler.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function findFreePort(): Promise<number> {
  const { port, close } = await listen(createServer());
  await close();
  return port;
}
