import type { Duplex, Writable } from 'node:stream';
import type { Emulator } from '../local/emulator/emulator.ts';

/** An emulator that can be replaced by an empty one while requests come in. */
export interface Resettable {
  /** The emulator of now. */
  readonly emulator: Emulator;
  /** Performs `work`, for which `answer` is the connection; during a reset, it waits. Rejects as `work` does. */
  use(answer: Writable | Duplex, work: (emulator: Emulator) => Promise<void>): Promise<void>;
  /** Ends all work and its connections, and opens the emulator again after `empty`. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** What a reset consists of. */
interface ResetSteps {
  /** Opens the emulator with the state that there is. */
  open(): Promise<Emulator>;
  /** Ends what makes running work wait. */
  hurry(): void;
  /** Deletes the state while no emulator is open. */
  empty(): Promise<void>;
}

/** Opens an emulator that can be reset. */
export async function openResettable({ open, hurry, empty }: ResetSteps): Promise<Resettable> {
  const running = new Map<Promise<void>, Writable>();
  let emulator = await open();
  let ready = Promise.resolve();

  const replace = async () => {
    for (const answer of running.values()) answer.destroy();
    hurry();
    // A request that would still write must not write into the new state.
    await Promise.allSettled(running.keys());
    await emulator.close();
    await empty();
    emulator = await open();
  };
  return {
    get emulator() {
      return emulator;
    },
    async use(answer, work) {
      await ready;
      const done = work(emulator);
      running.set(done, answer);
      await done.finally(() => running.delete(done));
    },
    reset() {
      const done = ready.then(replace);
      // A reset that failed is reported to its caller, and the next one may succeed.
      ready = done.catch(() => undefined);
      return done;
    },
    async close() {
      await ready;
      await emulator.close();
    },
  };
}
