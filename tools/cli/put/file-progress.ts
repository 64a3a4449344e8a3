import type { PutEvent } from '../../../client/put/put-environment.ts';
import type { PutError } from '../../../client/put/put-error.ts';
import { showText } from '../show-text.ts';

/** How far a file is. */
export interface FileProgress {
  readonly path: string;
  /** Undefined for a stream of unknown size. */
  readonly size: number | undefined;
  /** Bytes that storage has, or that are on their way. */
  readonly done: number;
  /** Bytes that an interrupted run had sent. */
  readonly resumed: number;
  /** Bytes in a second, over the last seconds. */
  readonly rate: number;
  /** What was refused last, or could not be reached, since anything was sent. */
  readonly problem: PutError | undefined;
}

/** Follows the bytes of a file. */
export interface ProgressMeter {
  readonly add: (event: PutEvent) => void;
  readonly read: () => FileProgress;
}

/** Weight of the newest measurement, by which rates do not jump. */
const NEWEST = 0.3;
const STEP_MILLISECONDS = 1_000;

/** Creates the meter of a file. @param now milliseconds. */
export function createProgressMeter(
  { path, size }: Pick<FileProgress, 'path' | 'size'>,
  now: () => number,
): ProgressMeter {
  let [done, resumed, rate] = [0, 0, 0];
  let [sent, since] = [0, now()];
  let problem: PutError | undefined;
  const measure = () => {
    const passed = now() - since;
    if (passed < STEP_MILLISECONDS) return;
    const present = (Math.max(0, sent) * 1_000) / passed;
    rate = rate === 0 ? present : rate * (1 - NEWEST) + present * NEWEST;
    [sent, since] = [0, now()];
  };
  return {
    add(event) {
      if (event.type === 'sent') {
        done += event.bytes;
        sent += event.bytes;
        if (event.bytes > 0) problem = undefined;
      } else if (event.type === 'resumed') {
        done += event.bytes;
        resumed += event.bytes;
      } else if (event.type === 'restarted') [done, resumed] = [0, 0];
      else if (event.type === 'retry') problem = event.error;
    },
    read() {
      measure();
      return { path, size, done, resumed, rate, problem };
    },
  };
}

const BAR = 20;

/** Returns a line with the bar of a file, its rate and its remaining time. */
export function drawProgress(progress: FileProgress): string {
  const { size, done, problem } = progress;
  const path = showText(progress.path);
  const rate = problem === undefined ? progress.rate : 0;
  const tried = problem === undefined ? '' : `  tried again (${problem.reason ?? problem.code})`;
  const speed = rate === 0 ? tried : `  ${formatBytes(rate)}/s`;
  if (size === undefined) return `${formatBytes(done)}${speed}  ${path}`;
  const share = shareOf(done, size);
  const full = Math.round(share * BAR);
  const bar = `${'#'.repeat(full)}${'.'.repeat(BAR - full)}`;
  const left = rate === 0 ? '' : `  ${formatSeconds((size - done) / rate)} left`;
  return `[${bar}] ${formatShare(share)}${speed}${left}  ${path}`;
}

/** Returns a line about a file that is interrupted. */
export function describePaused({ path, size = 0, done }: FileProgress): string {
  const sent = `${formatBytes(Math.min(done, size))} of ${formatBytes(size)}`;
  return `${showText(path)}: ${formatShare(shareOf(done, size))}, ${sent}`;
}

/** Returns a line about a file for a log. */
export function describeProgress({ path, size, done, rate, problem }: FileProgress): string {
  const share = size === undefined ? formatBytes(done) : formatShare(shareOf(done, size));
  if (problem !== undefined) {
    return `${showText(path)}: ${share}, tried again: ${showText(problem.message)}`;
  }
  const left =
    rate === 0 || size === undefined ? '' : `, ${formatSeconds((size - done) / rate)} left`;
  return `${showText(path)}: ${share}, ${formatBytes(rate)}/s${left}`;
}

/** The bytes of a cover are counted too, so there may be more of them than the file has. */
function shareOf(done: number, size: number): number {
  return size === 0 ? 1 : Math.min(1, done / size);
}

function formatShare(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

/** Returns bytes in a unit that fits, as disks and networks count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const place = Math.min(
    Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)),
    units.length - 1,
  );
  const value = bytes / 1_000 ** place;
  return `${place === 0 ? Math.round(value) : value.toFixed(1)} ${units[place]}`;
}

function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
