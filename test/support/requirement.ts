import type { TestContext } from 'vitest';

/** Where this variable is `all`, as in CI, nothing may be skipped: what is missing fails the test. */
const REQUIRED = process.env['TEST_REQUIRE'] === 'all';

/**
 * Goes on where `present`; otherwise skips the test with a sentence, or fails it where nothing may be skipped.
 *
 * @param missing what is not on this machine and how to get it.
 */
export function requirePresent(context: TestContext, present: boolean, missing: string): void {
  if (present) return;
  if (REQUIRED) throw new Error(missing);
  context.skip(missing);
}
