import { vi } from 'vitest';

/** Resolves once `check` does not throw; rejects with its error after the time that `expect.poll()` waits here. */
export async function until(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 100_000, interval: 20 });
}
