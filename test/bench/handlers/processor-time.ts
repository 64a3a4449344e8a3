import { readdirSync, readFileSync } from 'node:fs';

/** Ticks of a second in `/proc`: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html. */
const TICKS = 100;

/**
 * Returns the seconds for which the PostgreSQL with this first process has computed: that process, those that it has
 * started and those of them that have ended. Reads `/proc`, so it works only on Linux, and for a server on this machine.
 */
export function readServerSeconds(postmaster: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const ticks = pids.map((pid) => countTicks(Number(pid), postmaster));
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS;
}

function countTicks(pid: number, postmaster: number): number {
  const fields = readStat(pid);
  const [parent, own, ended] = [fields[1], sum(fields, 11, 13), sum(fields, 13, 15)];
  if (pid === postmaster) return own + ended;
  return parent === postmaster ? own : 0;
}

function sum(fields: readonly number[], from: number, to: number): number {
  return fields.slice(from, to).reduce((total, each) => total + each, 0);
}

/** Returns the fields from the third on, since the second may contain anything; none if the process has ended. */
function readStat(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  } catch {
    return [];
  }
}
