/** A value with listeners. */
export interface Store<T> {
  get(): T;
  update(change: Partial<T>): void;
}

/** Returns a store that calls `onChange` after each update. */
export function createStore<T>(initial: T, onChange: () => void): Store<T> {
  let value = initial;
  return {
    get: () => value,
    update(change) {
      value = { ...value, ...change };
      onChange();
    },
  };
}
