import { afterEach, beforeEach } from 'vitest';
import { forward } from './forward.ts';

/**
 * Opens an object before each test of the file, and closes it afterwards. Returns a proxy for the running test's
 * object.
 */
export function perTest<T extends { close(): unknown }>(open: () => T | Promise<T>): T;
export function perTest<T extends object>(
  open: () => T | Promise<T>,
  close: (opened: T) => unknown,
): T;
export function perTest<T extends object>(
  open: () => T | Promise<T>,
  close: (opened: T) => unknown = (opened) => Object(opened).close(),
): T {
  let current: T | undefined;
  beforeEach(async () => {
    current = await open();
  });
  afterEach(async () => {
    const ended = current;
    current = undefined;
    if (ended !== undefined) await close(ended);
  });
  return forward(() => {
    if (current === undefined) throw new Error('It is there while a test runs.');
    return current;
  });
}
