import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildRuntime } from '../../tools/local/gateway/build-runtime.ts';
import {
  type FunctionDefinition,
  type Instance,
  type Outcome,
  startInstance,
} from '../../tools/local/gateway/instance.ts';
import { buildFolder } from '../support/built-folder.ts';
import type { Chance } from '../support/chance.ts';

/** The built functions on disk; each call runs in a process that may be killed at any moment. */
export interface BuiltFunctions {
  /** Returns one worker, which has at most one process at a time, and starts a new one after each kill. */
  startWorker(name: string, environment: FunctionDefinition['environment']): Worker;
  remove(): Promise<void>;
}

/** Calls one function, one call after another. */
export interface Worker {
  /** @param killAfter milliseconds after which the process is killed if it still runs; `undefined` never kills it. */
  call(event: object, killAfter?: number): Promise<Outcome>;
  stop(): Promise<void>;
}

const TIME_LIMIT_MILLISECONDS = 20_000;
const CLOCK = fileURLToPath(new URL('./shifted-clock.cjs', import.meta.url));

/** Builds the functions as they are deployed, with these settings next to them. */
export async function buildFunctions(settings: object): Promise<BuiltFunctions> {
  const { folder, remove } = await buildFolder(settings);
  const runtime = await buildRuntime(folder);
  return {
    startWorker: (name, environment) =>
      createWorker(() =>
        startInstance(
          {
            ...{ name, file: join(folder, `${name}.js`), timeoutSeconds: 20, memoryMegabytes: 256 },
            environment: { NODE_OPTIONS: `--require ${CLOCK}`, ...environment },
          },
          runtime,
        ),
      ),
    remove,
  };
}

function createWorker(start: () => Instance): Worker {
  let instance: Instance | undefined;
  return {
    async call(event, killAfter) {
      if (instance?.isAlive() !== true) instance = start();
      const used = instance;
      const killer =
        killAfter === undefined ? undefined : setTimeout(() => void used.stop(), killAfter);
      try {
        return await used.call({
          event,
          context: { request_id: 'chaos' },
          timeLimitMilliseconds: TIME_LIMIT_MILLISECONDS,
        });
      } finally {
        clearTimeout(killer);
      }
    },
    async stop() {
      await instance?.stop();
    },
  };
}

/**
 * Returns the milliseconds after which the process of a call is killed, or undefined; `share` of the calls are killed.
 */
export function pickDeath(chance: Chance, share: number, longest: number): number | undefined {
  return chance.happens(share) ? chance.next() * longest : undefined;
}
