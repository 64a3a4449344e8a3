import { formatSpan } from '../components/format.ts';
import { isRecord } from '../stack/problem.ts';

/** One step of a sweep, and what it did. */
export interface SweepStep {
  readonly name: string;
  readonly text: string;
}

/** Steps for which there is a better name than in the summary. */
const STEP_NAMES: Readonly<Record<string, string>> = {
  queue: 'Event queue',
  unconfirmed: 'Kept events',
  media: 'New media',
  checks: 'Silent uploads',
  pulls: 'Queued pulls',
  actions: 'Removals',
  fanOut: 'New deliveries',
};

/** The same for counts. */
const COUNT_NAMES: Readonly<Record<string, string>> = {
  fresh: 'new',
  dead: 'given up',
};

const SECONDS = /Seconds$/;

/** Returns a sweep's summary in words, without the steps that had nothing to do. */
export function describeSweep(summary: Readonly<Record<string, unknown>>): readonly SweepStep[] {
  const { steps, backlog, errors, problem, outOfTime } = summary;
  const done = Object.entries(isRecord(steps) ? steps : {}).map(([name, counts]) => ({
    name: STEP_NAMES[name] ?? readName(name),
    text: describeCounts(counts),
  }));
  return [
    ...done,
    { name: 'Still waiting', text: describeCounts(backlog) },
    { name: 'Errors', text: describeCounts(errors) },
    { name: 'Out of time', text: outOfTime === true ? 'the next run continues' : '' },
    { name: 'Problem', text: isRecord(problem) ? String(problem['detail'] ?? '') : '' },
  ].filter(({ text }) => text !== '');
}

function describeCounts(counts: unknown): string {
  return Object.entries(isRecord(counts) ? counts : {})
    .map(([name, count]) => (typeof count === 'number' ? describeCount(name, count) : ''))
    .filter(Boolean)
    .join(' · ');
}

function describeCount(name: string, count: number): string {
  if (count === 0) return '';
  if (SECONDS.test(name)) {
    return `${readName(name.replace(SECONDS, '')).toLowerCase()} ${formatSpan(count)}`;
  }
  // Error codes stay unchanged.
  const words = COUNT_NAMES[name] ?? (/^[a-z]/.test(name) ? readName(name).toLowerCase() : name);
  return `${count.toLocaleString('en')} ${count === 1 ? words.replace(/s$/, '') : words}`;
}

/** Returns an identifier as words, such as "Fan out" for `fanOut`. */
function readName(key: string): string {
  const words = key.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
