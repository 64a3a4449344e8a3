import { sourceFailure } from './pull-failure.ts';

/** How long a pull may take, in milliseconds; the service's own limits are not documented. */
export interface TransferTimes {
  /** For the whole pull; an hour by default. */
  readonly totalMilliseconds?: number;
  /** Without a byte; 30,000 by default. */
  readonly idleMilliseconds?: number;
}

/** The clock of one transfer. */
export interface TransferClock {
  /** Aborts with a `PullFailure` when the time is over, or with the reason of `closing`. */
  readonly signal: AbortSignal;
  /** Called when bytes have arrived. */
  touch(): void;
  stop(): void;
}

const DEFAULT_TOTAL = 3_600_000;
const DEFAULT_IDLE = 30_000;

/** Starts the clock of a transfer, which `closing` aborts, too. */
export function startTransferClock(times: TransferTimes, closing: AbortSignal): TransferClock {
  const { totalMilliseconds = DEFAULT_TOTAL, idleMilliseconds = DEFAULT_IDLE } = times;
  const over = new AbortController();
  const end = (message: string) => over.abort(sourceFailure(message));
  const total = setTimeout(end, totalMilliseconds, `Not done within ${totalMilliseconds} ms`);
  const idle = setTimeout(end, idleMilliseconds, `Nothing came for ${idleMilliseconds} ms`);
  // A signal made of both would stay with `closing` for as long as that exists.
  const close = () => over.abort(closing.reason);
  if (closing.aborted) close();
  else closing.addEventListener('abort', close, { once: true });
  return {
    signal: over.signal,
    touch: () => void idle.refresh(),
    stop() {
      clearTimeout(total);
      clearTimeout(idle);
      closing.removeEventListener('abort', close);
    },
  };
}
