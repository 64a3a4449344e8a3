/**
 * Returns a proxy of the object or function that `find` returns at the time of each access. So a fixture can be a
 * constant of the file although each test has its own object.
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
