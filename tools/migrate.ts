import { applyMigrations } from '../lib/ledger/schema/migrate.ts';
import { CommandError } from './cli/command.ts';
import { readVariables } from './cli/read-environment.ts';
import { readOptions } from './cli/read-options.ts';

const OPTIONS = { stage: { type: 'string' }, help: { type: 'boolean' } } as const;

const HELP = `npm run migrate brings the database at DATABASE_URL up to date with the code's migrations.

Usage: npm run migrate -- [--stage <name>]

  --stage <name>  reads .env.<name> instead of .env, where it is there, as a deployment of that stage does; dev by default
`;

try {
  const options = readOptions('npm run migrate --', process.argv.slice(2), OPTIONS);
  if (options.help) process.stdout.write(HELP);
  else await migrate(options.stage);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function migrate(stage: string | undefined): Promise<void> {
  const { DATABASE_URL: databaseUrl, DATABASE_CA: databaseCa } = await readVariables(undefined, {
    ...{ environment: process.env, folder: process.cwd(), stage },
  });
  if (databaseUrl === undefined) {
    throw new CommandError(
      'DATABASE_URL must be set, in the environment or in .env, as postgres://user:password@host:5432/database',
    );
  }
  const applied = await applyMigrations(databaseUrl, {
    databaseCa,
    onApplied: ({ name, milliseconds }) =>
      process.stdout.write(`applied ${name} in ${milliseconds} ms\n`),
    onProgress: (text) => process.stdout.write(`${text}\n`),
  });
  if (applied === 0) process.stdout.write('Nothing to do: the database is up to date.\n');
}
