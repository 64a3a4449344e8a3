import type { EventRecord } from './event-record.ts';
import type { UploadChange } from './upload-change.ts';

/** Events of one statement: enough to make its own cost small, few enough to hold its locks briefly. */
const ROUND_SIZE = 500;

/**
 * Most characters of what the events of a statement tell, where they are several: one describes megabytes at times, and what
 * takes longer than an answer is waited for would hold up its whole batch for ever.
 */
const ROUND_CHARACTERS = 4_000_000;

/**
 * Returns `events` in rounds that keep their order, where no two of a round have their id, an upload or a file in
 * common: one statement changes no row twice.
 *
 * @throws {RangeError} where several are given and one of them is too deep for JSON.
 */
export function splitRounds(events: readonly EventRecord[]): readonly (readonly EventRecord[])[] {
  if (events.length === 1) return [events];
  const rounds: EventRecord[][] = [];
  const taken = new Set<string>();
  let weight = 0;
  for (const event of events) {
    const names = [`event ${event.eventId}`, ...event.changes.flatMap(nameTargets)];
    const round = rounds.at(-1);
    const own = JSON.stringify(event.payload).length;
    weight += own;
    const fits = round !== undefined && round.length < ROUND_SIZE && weight <= ROUND_CHARACTERS;
    if (fits && !names.some((name) => taken.has(name))) round.push(event);
    else {
      rounds.push([event]);
      taken.clear();
      weight = own;
    }
    for (const name of names) taken.add(name);
  }
  return rounds;
}

function nameTargets({ key, fields }: UploadChange): readonly string[] {
  const fileId = fields?.fileId;
  return [
    'uploadId' in key ? `upload ${key.uploadId}` : `file ${key.fileId}`,
    ...(fileId === undefined ? [] : [`file ${fileId}`]),
  ];
}
