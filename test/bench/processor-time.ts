import { readdirSync, readFileSync } from 'node:fs';
import postgres from 'postgres';
import type { Meter } from './measure.ts';

/** Returns the id of the first process of a PostgreSQL on this machine, which is the parent of its others. */
export async function findPostmaster(url: string): Promise<number> {
  const sql = postgres(url, { max: 1 });
  const [row] = await sql`select pg_backend_pid() as pid`;
  const parent = readParent(String(row?.['pid']));
  await sql.end();
  if (parent === undefined) throw new Error('PostgreSQL must run on this machine, under Linux.');
  return parent;
}

/**
 * Returns the milliseconds for which the processes of the PostgreSQL with this first process have computed, of those that
 * are still there: https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat.
 */
export function readServerMilliseconds(postmaster: number): number {
  const pids = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid));
  return pids
    .filter((pid) => Number(pid) === postmaster || readParent(pid) === postmaster)
    .map((pid) => Number(readFile(pid, 'schedstat')?.split(' ')[0] ?? 0) / 1e6)
    .reduce((sum, each) => sum + each, 0);
}

/** The meter of the milliseconds for which this process computes, its collection of garbage and compilation included. */
export const meterProcessor: Meter = () => {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
};

/**
 * Returns the meter of the milliseconds for which this process and that PostgreSQL compute, which other work on the same
 * machine changes less than it changes the time that passes.
 */
export function meterProcessors(postmaster: number): Meter {
  return () => {
    const server = readServerMilliseconds(postmaster);
    const stop = meterProcessor();
    return () => stop() + readServerMilliseconds(postmaster) - server;
  };
}

function readParent(pid: string): number | undefined {
  // The second field, a name in parentheses, may contain anything.
  const [, parent] = readFile(pid, 'stat')?.split(') ').at(-1)?.split(' ') ?? [];
  return parent === undefined ? undefined : Number(parent);
}

/** Returns the text; undefined if the process has ended. */
function readFile(pid: string, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
