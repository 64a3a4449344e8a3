import type { EventRecord } from './event-record.ts';
import type { UploadChange } from './upload-change.ts';

/** Events of one statement: enough to make its own cost small, few enough to hold its locks briefly. */
const ROUND_SIZE = 500;

/**
 * Answers `events` in rounds that keep their order, where no two of a round have their id, an upload or a file in
 * common: one statement changes no row twice.
 */
export function splitRounds(events: readonly EventRecord[]): readonly (readonly EventRecord[])[] {
  const rounds: EventRecord[][] = [];
  const taken = new Set<string>();
  for (const event of events) {
    const names = [`event ${event.eventId}`, ...event.changes.flatMap(nameTargets)];
    const round = rounds.at(-1);
    const fits = round !== undefined && round.length < ROUND_SIZE;
    if (fits && !names.some((name) => taken.has(name))) round.push(event);
    else {
      rounds.push([event]);
      taken.clear();
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
