import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../lib/config/environment.ts';
import { explainStart, makeStateFolder } from './explain-start.ts';
import { readLocalEnvironment } from './local-environment.ts';
import type { LocalStack } from './local-stack.ts';
import { readStart, START_HELP, type StartSettings } from './read-start.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const say = (text: string) => process.stdout.write(`${text}\n`);

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

async function startStack(settings: StartSettings, chosen: Environment): Promise<LocalStack> {
  const { dir, databaseUrl, databaseCa } = settings;
  await makeStateFolder(dir);
  if (databaseUrl !== undefined) {
    const { waitForDatabase } = await import('../wait-for-database.ts');
    await waitForDatabase(databaseUrl, { databaseCa, say });
  }
  // These modules take a second to load; errors in the arguments are reported before that.
  const [{ readServiceCustom }, { startLocalStack }] = await Promise.all([
    import('../deploy/service-custom.ts'),
    import('./local-stack.ts'),
  ]);
  const custom = await readServiceCustom(ROOT);
  return startLocalStack({ ...settings, custom, chosen });
}

function closeAtSignals(starting: Promise<LocalStack>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // A second signal ends the process immediately.
    process.once(signal, () => {
      starting
        .then((started) => started.close())
        .then(
          () => process.exit(0),
          () => process.exit(1),
        );
    });
  }
}

async function run(settings: StartSettings, environment: Environment): Promise<void> {
  const starting = startStack(settings, environment);
  closeAtSignals(starting);
  const { origin, databaseFolder, notice } = await starting.catch((error: unknown) =>
    fail(explainStart(error, settings.port)),
  );
  const database =
    databaseFolder === undefined ? 'at DATABASE_URL' : `in ${resolve(databaseFolder)}`;
  say(`
  Open ${origin}

  Everything runs here: the page, the built functions, their database, and an emulator for VOD.
  State is kept in ${resolve(settings.dir)}, the database ${database}.
  "npm start -- --fresh" starts without it. Ctrl+C stops.`);
  if (notice !== undefined) say(`  ${notice}`);
  if (environment['WEBHOOK_ENDPOINTS'] !== undefined) {
    say('  Webhooks go to WEBHOOK_ENDPOINTS too, besides the page.');
  }
}

try {
  const environment = await readLocalEnvironment(process.env, ROOT);
  const request = readStart(process.argv.slice(2), environment);
  if (request === 'help') say(START_HELP);
  else await run(request, environment);
} catch (error) {
  fail(explainStart(error, 0));
}
