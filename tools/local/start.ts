import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readServiceCustom } from '../deploy/service-custom.ts';
import { discardState, startLocalStack } from './local-stack.ts';

const DEFAULT_PORT = 3_000;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const { values } = parseArgs({ options: { fresh: { type: 'boolean', default: false } } });
const dir = process.env['LOCAL_DIR'] ?? '.local';
const port = Number(process.env['PORT'] ?? DEFAULT_PORT);
const databaseUrl = process.env['DATABASE_URL'];
const databaseCa = process.env['DATABASE_CA'];
const trigger = process.env['HTTP_TRIGGER'] === 'apigw' ? 'apigw' : 'url';
const eventMode = process.env['VOD_EVENT_MODE'] === 'PULL' ? 'PULL' : 'PUSH';

if (values.fresh) await discardState(dir);

const custom = await readServiceCustom(ROOT).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});

const address = { databaseUrl, databaseCa };
const starting = startLocalStack({ dir, port, trigger, ...address, eventMode, custom });
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Who cannot wait for the end says it twice.
  process.once(signal, () => {
    starting
      .then((started) => started.close())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  });
}

const stack = await starting.catch((error: unknown) => {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  process.stderr.write(
    taken
      ? `Port ${port} is taken: stop what listens there, or choose another with PORT=${port + 1} npm start\n`
      : `${error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});

process.stdout.write(`
  Open ${stack.origin}

  Everything runs here: the page, the built functions, their database, and a stand-in for VOD.
  State is kept in ${dir}; "npm start -- --fresh" begins anew. Ctrl+C stops.
`);
