import product from '../../package.json' with { type: 'json' };
import { explainStart, makeStateFolder } from '../local/explain-start.ts';
import { announce } from './announce.ts';
import { type EmulatorSettings, HELP, readSettings } from './read-settings.ts';
import { type RunningEmulator, runEmulator } from './run.ts';

const COMMAND = { name: 'vod-emulator', port: '--port', folder: '--state' } as const;

const say = (text: string) => process.stdout.write(`${text}\n`);

function fail(error: unknown, port: number): never {
  process.stderr.write(`${explainStart(error, port, COMMAND)}\n`);
  process.exit(1);
}

async function start(settings: EmulatorSettings): Promise<RunningEmulator> {
  await makeStateFolder(settings.state, COMMAND);
  return runEmulator(settings);
}

function closeAtSignals(starting: Promise<RunningEmulator>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // A second signal ends the process immediately.
    process.once(signal, () => {
      starting
        .then((running) => running.close())
        .then(
          () => process.exit(0),
          () => process.exit(1),
        );
    });
  }
}

async function run(settings: EmulatorSettings): Promise<void> {
  const starting = start(settings);
  closeAtSignals(starting);
  const running = await starting.catch((error: unknown) => fail(error, settings.port));
  say(announce(settings, running));
}

try {
  const request = readSettings(process.argv.slice(2), process.env);
  if (request === 'help') say(HELP);
  else if (request === 'version') say(product.version);
  else await run(request);
} catch (error) {
  fail(error, 0);
}
