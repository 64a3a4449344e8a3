/** Bounds of parts that are sent at the same time, over all files. */
const MIN_LANES = 4;
const MAX_LANES = 16;

/** Bytes that a lane reads and sends in one step. */
const BUFFER_BYTES = 512 * 1024;

/** A rate is worth another lane if it grew by this much. */
const GROWTH = 1.05;

/** Milliseconds for which a rate is measured. */
const WINDOW_MILLISECONDS = 1_000;

/** Lanes on which parts are sent, each with one buffer. */
export interface PartSlots {
  /** Runs `work` as soon as a lane is free. Rejects with the signal's reason if it is aborted before that. */
  readonly run: <Result>(
    work: (buffer: Buffer) => Promise<Result>,
    signal?: AbortSignal,
  ) => Promise<Result>;
  /** Reports bytes that were sent. */
  readonly sent: (bytes: number) => void;
  /** Reports that a request failed: the connection may be overloaded. */
  readonly failed: () => void;
  /** Returns the present number of lanes. */
  readonly lanes: () => number;
}

/**
 * Creates lanes, of which there are as many as make the upload faster: another one is opened while that raises the rate,
 * and one is closed when a request fails or the rate falls.
 *
 * @param monotonic milliseconds.
 */
export function createPartSlots(monotonic: () => number): PartSlots {
  const pace = createPace(monotonic);
  const free: Buffer[] = [];
  const waiting: (() => void)[] = [];
  let running = 0;
  const fill = () => {
    while (running < pace.lanes()) {
      const next = waiting.shift();
      if (next === undefined) return;
      running += 1;
      next();
    }
  };
  const enter = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted();
      const start = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.splice(waiting.indexOf(start), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      waiting.push(start);
      fill();
    });
  return {
    async run(work, signal) {
      await enter(signal);
      const buffer = free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
      try {
        return await work(buffer);
      } finally {
        free.push(buffer);
        running -= 1;
        fill();
      }
    },
    sent(bytes) {
      if (pace.sent(bytes)) fill();
    },
    failed: pace.failed,
    lanes: pace.lanes,
  };
}

/** Decides how many lanes there are. */
function createPace(monotonic: () => number) {
  let lanes = MIN_LANES;
  let best = 0;
  let bytes = 0;
  let since = monotonic();
  /** Returns whether there are more lanes now. */
  const judge = (rate: number): boolean => {
    const before = lanes;
    if (rate > best * GROWTH) {
      best = rate;
      lanes = Math.min(MAX_LANES, lanes + 1);
    } else if (rate < best / GROWTH) {
      // The connection changed: what it can do is found out again.
      best = rate;
      lanes = Math.max(MIN_LANES, lanes - 1);
    }
    return lanes > before;
  };
  return {
    lanes: () => lanes,
    sent(more: number): boolean {
      bytes += more;
      const passed = monotonic() - since;
      if (passed < WINDOW_MILLISECONDS) return false;
      const rate = bytes / passed;
      bytes = 0;
      since = monotonic();
      return judge(rate);
    },
    failed() {
      lanes = Math.max(MIN_LANES, lanes - 1);
    },
  };
}
