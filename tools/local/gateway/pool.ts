import { type FunctionDefinition, type Instance, type Outcome, startInstance } from './instance.ts';
import type { Call } from './messages.ts';

/** Most simultaneous instances of one function; further calls wait. */
const MAX_INSTANCES = 4;

/** The instances of one function. */
export interface Pool {
  /** Calls an idle instance, or a new one if none is idle. */
  call(call: Call): Promise<Outcome>;
  /** Ends all instances, even during calls; no later call starts another one. */
  close(): Promise<void>;
}

/** Returns a pool without instances; the first call starts one, as on the platform. */
export function createPool(definition: FunctionDefinition, runtime: string): Pool {
  const instances = new Set<Instance>();
  const idle: Instance[] = [];
  const waiting: ((instance: Instance) => void)[] = [];
  let isClosed = false;

  function acquire(): Instance | Promise<Instance> {
    const instance = idle.pop();
    if (instance !== undefined) {
      if (instance.isAlive()) return instance;
      instances.delete(instance);
      return acquire();
    }
    if (instances.size < MAX_INSTANCES) return start();
    return new Promise((resolve) => {
      waiting.push(resolve);
    });
  }

  function start(): Instance {
    const instance = startInstance(definition, runtime);
    instances.add(instance);
    return instance;
  }

  function release(instance: Instance): void {
    if (!instance.isAlive()) instances.delete(instance);
    const next = waiting.shift();
    // After `close`, waiting calls get an instance that has exited.
    if (next !== undefined) next(instance.isAlive() || isClosed ? instance : start());
    else if (instance.isAlive()) idle.push(instance);
  }

  return {
    async call(call) {
      if (isClosed) return { kind: 'exit', log: '' };
      const instance = await acquire();
      try {
        return await instance.call(call);
      } finally {
        release(instance);
      }
    },
    async close() {
      isClosed = true;
      await Promise.all([...instances].map((instance) => instance.stop()));
    },
  };
}
