import { applyMigrations } from '../lib/ledger/migrate.ts';
import { readVariables } from './cli/read-environment.ts';

const surroundings = { environment: process.env, folder: process.cwd() };
const { DATABASE_URL: databaseUrl = '', DATABASE_CA: databaseCa } = await readVariables(
  undefined,
  surroundings,
);
if (databaseUrl === '') {
  process.stderr.write(
    'DATABASE_URL must be set, in the environment or in .env, as postgres://user:password@host:5432/database\n',
  );
  process.exit(1);
}

try {
  const applied = await applyMigrations(databaseUrl, {
    databaseCa,
    onApplied: ({ name, milliseconds }) =>
      process.stdout.write(`applied ${name} in ${milliseconds} ms\n`),
  });
  if (applied === 0) process.stdout.write('Nothing to do: the database is up to date.\n');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
