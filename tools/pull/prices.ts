import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { CommandError } from '../cli/command.ts';

const GIGABYTE = 1024 ** 3;

const schema = v.strictObject({
  currency: v.pipe(v.string(), v.nonEmpty()),
  /** Once for each gigabyte that is pulled. */
  perGigabyte: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
  /** For each gigabyte that is stored for a month. */
  perGigabyteMonth: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
  /** Once for each file. */
  perFile: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
});

/** Prices of an account. None is built in: they depend on region, edition and contract, and change. */
export type Prices = v.InferOutput<typeof schema>;

/** Returns the prices in a file. @throws {CommandError} */
export async function readPrices(file: string): Promise<Prices> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CommandError(`--prices: ${file} cannot be read.`, { cause });
  });
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (cause) {
    throw new CommandError(
      `--prices: ${file} must be JSON such as {"currency":"USD","perGigabyte":0,"perGigabyteMonth":0.02,"perFile":0}.`,
      { cause },
    );
  }
}

/** Returns what files cost, in a sentence. */
export function describeCost(prices: Prices | undefined, files: number, bytes: number): string {
  if (prices === undefined) {
    return 'unknown: no prices are built in, since they depend on region and contract; --prices names a file with yours';
  }
  const { currency, perGigabyte, perGigabyteMonth, perFile } = prices;
  const gigabytes = bytes / GIGABYTE;
  const once = (perGigabyte * gigabytes + perFile * files).toFixed(2);
  const monthly = (perGigabyteMonth * gigabytes).toFixed(2);
  return `${once} ${currency} once, and ${monthly} ${currency} for each month of storage, by the prices that you gave`;
}
