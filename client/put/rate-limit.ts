import type { Clock } from './clock.ts';

/** Bounds the bytes that are sent within a second, over all connections. */
export interface ByteRate {
  /** Resolves when `bytes` may be sent; rejects with the signal's reason. */
  readonly take: (bytes: number, signal?: AbortSignal) => Promise<void>;
  /** Most bytes to take at once, so that the rate is even. */
  readonly step: number;
}

/** Steps in a second: with fewer, connections stand still between them. */
const STEPS = 8;
const MIN_STEP = 1_024;

/** Creates the limit of `bytesPerSecond`; without it, nothing waits. */
export function createByteRate(
  bytesPerSecond: number | undefined,
  { monotonic, sleep }: Pick<Clock, 'monotonic' | 'sleep'>,
): ByteRate {
  if (bytesPerSecond === undefined) {
    return { take: async () => {}, step: Number.POSITIVE_INFINITY };
  }
  let free = monotonic();
  return {
    async take(bytes, signal) {
      const turn = Math.max(free, monotonic());
      free = turn + (bytes / bytesPerSecond) * 1_000;
      const wait = turn - monotonic();
      if (wait > 0) await sleep(wait, signal);
      signal?.throwIfAborted();
    },
    step: Math.max(MIN_STEP, Math.floor(bytesPerSecond / STEPS)),
  };
}

/** A rate that can be held. */
export interface RateGate {
  readonly rate: ByteRate;
  /** Holds all that is not under way, or lets it go on; returns whether it is held now. */
  readonly toggle: () => boolean;
}

/** Creates a gate, which is open. */
export function createRateGate(rate: ByteRate): RateGate {
  let held: Promise<void> | undefined;
  let open = () => {};
  return {
    rate: {
      ...rate,
      async take(bytes, signal) {
        while (held !== undefined) await untilAborted(held, signal);
        await rate.take(bytes, signal);
      },
    },
    toggle() {
      if (held === undefined) {
        held = new Promise((resolve) => {
          open = resolve;
        });
        return true;
      }
      held = undefined;
      open();
      return false;
    },
  };
}

async function untilAborted(wait: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  let leave = () => {};
  const aborted = new Promise<void>((resolve) => {
    leave = resolve;
    signal?.addEventListener('abort', leave);
  });
  await Promise.race([wait, aborted]);
  signal?.removeEventListener('abort', leave);
  signal?.throwIfAborted();
}
