import { randomUUID } from 'node:crypto';
import type { DatabaseConfig } from '../../../lib/config/database-config.ts';
import { openLedger } from '../../../lib/ledger/ledger.ts';
import type { listApplications } from '../../../lib/policy/applications.ts';
import { readScannedUntil } from '../../../lib/sweep/scan-media.ts';
import { finding, type Note } from './note.ts';

/** With a sweep each minute, all media up to about twelve minutes ago are known; this allows for a few failed runs. */
const MAX_MINUTES = 25;

const REMEDY =
  'Its log says why: it is not deployed, its timer is off, it is not allowed to call VOD, or it cannot reach the database. The very first run may take some minutes.';

/**
 * Finds out whether `sweep` works, by the time up to which it has reconciled the media of each of `applications`; the
 * first is the service's own.
 *
 * @param database one that has the ledger's tables.
 */
export async function checkSweep(
  { databaseUrl, databaseCa }: DatabaseConfig & { readonly databaseUrl: string },
  applications: ReturnType<typeof listApplications>,
  now: () => number,
): Promise<readonly Note[]> {
  const ledger = openLedger(databaseUrl, {
    databaseCa,
    clock: { now },
    random: { key: randomUUID },
  });
  try {
    const notes = applications.map(async (subAppId) => {
      const until = await readScannedUntil(subAppId, { ledger, applications });
      const media = subAppId === applications[0] ? '' : ` of application ${subAppId}`;
      return judgeScan(until, `the media${media}`, now);
    });
    return (await Promise.all(notes)).flat();
  } finally {
    await ledger.close();
  }
}

function judgeScan(until: number | undefined, media: string, now: () => number): readonly Note[] {
  if (until === undefined) {
    return [finding('sweep', `The sweep function has never looked through ${media}.`, REMEDY)];
  }
  const minutes = Math.floor((now() - until) / 60_000);
  if (minutes <= MAX_MINUTES) return [];
  return [
    finding(
      'sweep',
      `The sweep function knows ${media} up to ${describeAge(minutes)} ago only, and it should run every minute.`,
      REMEDY,
    ),
  ];
}

function describeAge(minutes: number): string {
  return minutes < 120 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} hours`;
}
