import { randomUUID } from 'node:crypto';
import { openLedger } from '../../../lib/ledger/ledger.ts';
import { readScannedUntil } from '../../../lib/sweep/scan-media.ts';
import { finding, type Note } from './note.ts';

/** A sweep a minute knows all media up to some twelve minutes ago; a few that failed are no reason to worry. */
const MOST_MINUTES = 25;

const REMEDY =
  'Its log says why: it is not deployed, its timer is off, it may not call VOD, or it cannot reach the database. The first run of all may take some minutes.';

/**
 * Finds out whether `sweep` does its work, by how far it has looked through VOD's media.
 *
 * @param databaseUrl a database that has the ledger's tables.
 */
export async function checkSweep(databaseUrl: string, now: () => number): Promise<readonly Note[]> {
  const ledger = openLedger(databaseUrl, { now, randomKey: randomUUID });
  const until = await readScannedUntil({ ledger }).finally(() => ledger.close());
  if (until === undefined) {
    return [finding('sweep', 'The sweep function has never looked through the media.', REMEDY)];
  }
  const minutes = Math.floor((now() - until) / 60_000);
  if (minutes <= MOST_MINUTES) return [];
  return [
    finding(
      'sweep',
      `The sweep function knows the media up to ${describeAge(minutes)} ago only, and it should run every minute.`,
      REMEDY,
    ),
  ];
}

function describeAge(minutes: number): string {
  return minutes < 120 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} hours`;
}
