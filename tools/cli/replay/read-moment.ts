import { readIsoTime } from '../../../lib/validation/iso-time.ts';
import { CommandError } from '../command.ts';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Returns a moment as an ISO 8601 text: such a text, or how long ago it was, as 90m, 2h or 3d.
 *
 * @param now Unix milliseconds.
 * @throws {CommandError}
 */
export function readMoment(name: string, text: string, now: number): string {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(now - Number(count) * (UNITS[unit] ?? 0)).toISOString();
  const read = readIsoTime(text);
  if ('seconds' in read) return new Date(read.seconds * 1_000).toISOString();
  throw new CommandError(`${name} ${read.reason}, or how long ago it was, such as 90m, 2h or 3d.`);
}
