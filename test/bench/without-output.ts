import { closeSync, openSync, writeSync } from 'node:fs';
import { devNull } from 'node:os';

/**
 * Returns what `work` resolves to. What functions write to standard output meanwhile, such as their log, is still
 * written, so that its cost is measured, but is discarded.
 */
export async function withoutOutput<Result>(work: () => Promise<Result>): Promise<Result> {
  const write = process.stdout.write;
  const nowhere = openSync(devNull, 'w');
  process.stdout.write = (chunk: string | Uint8Array) => {
    if (typeof chunk === 'string') writeSync(nowhere, chunk);
    else writeSync(nowhere, chunk);
    return true;
  };
  try {
    return await work();
  } finally {
    process.stdout.write = write;
    closeSync(nowhere);
  }
}
