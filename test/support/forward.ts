/**
 * Returns what stands for whichever object or function `find` returns at the time: what is read, called or spread is
 * that one. So a fixture can be a constant of the file although each test has one of its own.
 */
export function forward<T extends object>(find: () => T): T {
  const target: object = () => undefined;
  return new Proxy(target as T, {
    get: (_, key) => Reflect.get(find(), key),
    set: (_, key, value) => Reflect.set(find(), key, value),
    has: (_, key) => Reflect.has(find(), key),
    ownKeys: () => Reflect.ownKeys(find()),
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(find(), key),
    apply: (_, self, values) => Reflect.apply(Object(find()), self, values),
  });
}
