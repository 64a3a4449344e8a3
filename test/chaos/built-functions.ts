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

/** The built functions on a disk, each call in a process that may be killed at any moment. */
export interface BuiltFunctions {
  /** Returns one worker, which has at most one process at a time, and a new one after each death. */
  startWorker(name: string, environment: FunctionDefinition['environment']): Worker;
  remove(): Promise<void>;
}

/** Calls one function, one call after the other. */
export interface Worker {
  /**
   * @param killAfter milliseconds until the process is killed, if it still works then; `undefined` lets it live.
   */
  call(event: object, killAfter?: number): Promise<Outcome>;
  stop(): Promise<void>;
}

const TIME_LIMIT_MILLISECONDS = 20_000;
const CLOCK = fileURLToPath(new URL('./shifted-clock.cjs', import.meta.url));

/** Builds the functions as they are deployed, with these settings beside them. */
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

/** Returns after how many milliseconds the process of a call is killed, for one in so many calls. */
export function pickDeath(chance: Chance, share: number, longest: number): number | undefined {
  return chance.happens(share) ? chance.next() * longest : undefined;
}
