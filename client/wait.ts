/** Resolves after `milliseconds`; rejects with the signal's reason as soon as it is aborted. */
export function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** Returns a time of about `milliseconds`, so that clients that began together do not stay together. */
export function jitter(milliseconds: number): number {
  return milliseconds * (0.75 + Math.random() / 2);
}
