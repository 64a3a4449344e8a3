/** A value that changes, and those who want to know. */
export interface Observable<T> {
  get(): T;
  set(value: T): void;
  /** Returns a function that ends the subscription. */
  subscribe(listener: (value: T) => void): () => void;
}

/** Creates an observable. A listener that throws does not keep the others from being told. */
export function createObservable<T>(initial: T): Observable<T> {
  let value = initial;
  const listeners = new Set<(value: T) => void>();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of [...listeners]) {
        try {
          listener(next);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
    subscribe(listener) {
      // A function of its own, so that the same listener may subscribe twice.
      const one = (next: T) => listener(next);
      listeners.add(one);
      return () => listeners.delete(one);
    },
  };
}

/** Resolves with the present value, or the next one, that fits; rejects with the reason of the signal. */
export function first<T>(
  { get, subscribe }: Observable<T>,
  fits: (value: T) => boolean,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      end();
      reject(signal?.reason);
    };
    const check = (value: T) => {
      if (!fits(value)) return;
      end();
      signal?.removeEventListener('abort', stop);
      resolve(value);
    };
    const end = subscribe(check);
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    else check(get());
  });
}

/** Yields the present value and later ones, until one that `isLast`. A slow reader gets only the latest of several. */
export async function* iterate<T>(
  observable: Observable<T>,
  isLast: (value: T) => boolean,
): AsyncGenerator<T, void, void> {
  let value = observable.get();
  for (;;) {
    yield value;
    if (isLast(value)) return;
    const before = value;
    value = await first(observable, (next) => next !== before);
  }
}
