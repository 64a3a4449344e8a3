import { closeSync, openSync, writeSync } from 'node:fs';
import { devNull } from 'node:os';

/**
 * Returns what `work` resolves to. What is written to standard output meanwhile, as functions do with their log, is
 * still written, so that it costs what it costs, but to nowhere.
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
