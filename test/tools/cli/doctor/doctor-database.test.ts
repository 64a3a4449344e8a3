import { hash, randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { describe, it } from 'vitest';
import { openLedger } from '../../../../lib/ledger/ledger.ts';
import { type Fault, sweepLately, useDoctor } from './doctor-stage.ts';

const doctor = useDoctor();
const { setHere, expectFindings } = doctor;

/** Makes the endpoint at `address` answer 410 to a message. */
async function pauseEndpoint(url: string, address: string): Promise<void> {
  const targets = [{ id: `webhook_${hash('sha256', address).slice(0, 16)}`, events: ['*'] }];
  const ledger = openLedger(url, { clock: Date, random: { key: randomUUID }, targets });
  await ledger.issueUpload({ uploadId: address, method: 'client', owner: 'ann' });
  const [claim] = await ledger.claimDeliveries(1, 60, 1);
  if (claim === undefined) throw new Error('There is a delivery.');
  await ledger.pauseEndpoint(claim, { error: 'http_410', dead: false });
  await ledger.close();
}

/** Gives the doctor a separate database that `statement` has changed. */
async function alterDatabase(statement: string): Promise<void> {
  const url = await doctor.createDatabase();
  setHere({ DATABASE_URL: url });
  const sql = postgres(url, { max: 1, fetch_types: false });
  await sql.unsafe(statement);
  await sql.end();
}

const FAULTS: readonly Fault[] = [
  [
    'a paused endpoint, but not one that is no longer configured',
    async () => {
      const DATABASE_URL = await doctor.createDatabase();
      await sweepLately(DATABASE_URL);
      await pauseEndpoint(DATABASE_URL, 'https://hooks.example.com/vod');
      await pauseEndpoint(DATABASE_URL, 'https://old.example.com/vod');
      setHere({ DATABASE_URL });
    },
    'endpoints',
    /^The endpoint webhook_[0-9a-f]{16} \(hooks\.example\.com\) is paused since \S+: it answered 410\. Messages waiting, each for three days: 1; given up: 0\.$/,
  ],
  [
    'a database that cannot be reached',
    () => setHere({ DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' }),
    'database',
    /nothing listens there/,
  ],
  [
    'a database that does not exist',
    () => {
      const url = new URL(doctor.databaseUrl);
      url.pathname = '/no_such_database';
      setHere({ DATABASE_URL: url.href });
    },
    'database',
    /no database of this name/,
  ],
  [
    'a database without its tables',
    async () => {
      setHere({ DATABASE_URL: await doctor.createDatabase('empty') });
    },
    'migrations',
    /lacks the migrations: 0001-uploads\.sql, /,
  ],
  [
    'a sweep that has never run',
    async () => {
      setHere({ DATABASE_URL: await doctor.createDatabase() });
    },
    'sweep',
    /has never looked through the media/,
  ],
  [
    'a sweep that has stopped',
    async () => {
      const url = await doctor.createDatabase();
      await sweepLately(url, 90);
      setHere({ DATABASE_URL: url });
    },
    'sweep',
    /knows the media up to 100 minutes ago only/,
  ],
  [
    'a migration that was changed',
    () => alterDatabase("update migrations set checksum = 'x' where name like '0002%'"),
    'migrations',
    /Migrations that changed since they were applied: 0002-events\.sql\./,
  ],
  [
    'a migration from newer code',
    () => alterDatabase("insert into migrations (name, checksum) values ('9999-later.sql', 'x')"),
    'migrations',
    /were applied and are not in this code: 9999-later\.sql\./,
  ],
];

describe('vod-upload doctor', () => {
  it.each(FAULTS)('finds %s, and nothing else', async (_, seed, check, text) => {
    await seed();
    await expectFindings(check, text);
  });
});
