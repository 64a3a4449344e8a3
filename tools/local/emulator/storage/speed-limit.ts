/** A limit that all uploads share, so that it holds for parallel parts together. */
export interface SpeedLimit {
  /** Returns the present limit; null is no limit. */
  bytesPerSecond(): number | null;
  /** Changes the limit, also for bodies under way. @throws RangeError unless positive or null. */
  set(bytesPerSecond: number | null): void;
  /** Passes `chunks` on in small slices, so that all bodies together are not faster than the limit. */
  pace(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer>;
}

const SLICE_BYTES = 16 * 1024;
/** How much unused time may accumulate; this compensates for the coarseness of timers. */
const BURST_SECONDS = 0.05;

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

/** Returns a limit of `bytesPerSecond`; `now` is a clock in milliseconds that never goes back. */
export function createSpeedLimit(
  bytesPerSecond: number | null = null,
  now: () => number = () => performance.now(),
): SpeedLimit {
  const queue: Waiting[] = [];
  let rate = validRate(bytesPerSecond);
  let saved = 0;
  let filledAt = now();
  let timer: NodeJS.Timeout | undefined;

  const refill = () => {
    const time = now();
    if (rate !== null) {
      const most = Math.max(SLICE_BYTES, rate * BURST_SECONDS);
      saved = Math.min(most, saved + ((time - filledAt) / 1000) * rate);
    }
    filledAt = time;
  };
  const serve = () => {
    clearTimeout(timer);
    timer = undefined;
    refill();
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (rate !== null && first.bytes > saved) {
        timer = setTimeout(serve, Math.ceil(((first.bytes - saved) / rate) * 1000));
        return;
      }
      if (rate !== null) saved -= first.bytes;
      queue.shift();
      first.go();
    }
  };
  const take = (bytes: number) =>
    new Promise<void>((go) => {
      queue.push({ bytes, go });
      // If others wait already, a timer is running, and they are served first.
      if (queue.length === 1) serve();
    });

  return {
    bytesPerSecond: () => rate,
    set(next) {
      refill();
      rate = validRate(next);
      serve();
    },
    async *pace(chunks) {
      for await (const chunk of chunks) {
        let sent = 0;
        while (rate !== null && sent < chunk.length) {
          const slice = chunk.subarray(sent, sent + SLICE_BYTES);
          await take(slice.length);
          yield slice;
          sent += slice.length;
        }
        if (sent < chunk.length) yield chunk.subarray(sent);
      }
    },
  };
}

function validRate(bytesPerSecond: number | null): number | null {
  if (bytesPerSecond === null || (bytesPerSecond > 0 && Number.isFinite(bytesPerSecond))) {
    return bytesPerSecond;
  }
  throw new RangeError(`A speed limit is a positive number of bytes per second, or null for none`);
}
