import { randomUUID } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';
import { type Ledger, type LedgerOptions, openLedger } from '../../lib/ledger/ledger.ts';
import type { EventRecord } from '../../lib/ledger/recording/event-record.ts';
import type { UploadChange } from '../../lib/ledger/uploads/upload-row.ts';
import { forward } from './forward.ts';

/** Makes databases for one test file. */
export interface TestDatabases {
  /**
   * Returns the URL of a new database: with the ledger's tables, or `empty`. It is dropped after the test that created
   * it, or after the file if it was created outside tests.
   */
  create(content?: 'empty'): Promise<string>;
}

/** Makes databases for the calling file, on the server that all files share. */
export function useDatabases(): TestDatabases {
  const server = inject('databaseServer');
  const admin = connect(server.url);
  const ofTest: string[] = [];
  const ofFile: string[] = [];
  let made = ofFile;
  const drop = async (names: string[]) => {
    for (const name of names.splice(0)) await admin.unsafe(`drop database ${name} with (force)`);
  };
  beforeEach(() => {
    made = ofTest;
  });
  afterEach(async () => {
    made = ofFile;
    await drop(ofTest);
  });
  afterAll(async () => {
    await drop(ofFile);
    await admin.end();
  });
  return {
    async create(content) {
      const name = `test_${randomUUID().replaceAll('-', '')}`;
      const template = content === 'empty' ? 'template1' : server.template;
      await admin.unsafe(`create database ${name} template ${template} ${server.strategy}`);
      made.push(name);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
  };
}

/** Returns an event with these changes of uploads, under a new id unless `more` has one. */
export const eventOf = (
  changes: readonly UploadChange[],
  more: Partial<EventRecord> = {},
): EventRecord => ({
  ...{ eventId: randomUUID(), eventType: 'vod.NewFileUpload', payload: {}, confirmed: true },
  ...{ changes, ...more },
});

/** Differences from a ledger with the system's clock and without targets. */
type LedgerChange = Partial<LedgerOptions> & {
  /** The URL of its database, if not the direct one. */
  readonly url?: string;
};

/** A database with the ledger's tables; everything opened on it is closed automatically. */
export interface LedgerStage {
  readonly url: string;
  /** With the options of the file. */
  readonly ledger: Ledger;
  /** A connection in addition to the ledger's. */
  readonly sql: Sql;
  /** Opens another ledger, as in another instance. */
  open(change?: LedgerChange): Ledger;
  readonly createDatabase: TestDatabases['create'];
}

/**
 * Gives each test a new database with a ledger, or with `per: 'file'` one to all tests of the file. Returns a proxy for
 * that of the running test, except for `url`, which must be read again in each test.
 */
export function useLedger({
  per = 'test',
  ...options
}: Partial<LedgerOptions> & { readonly per?: 'test' | 'file' } = {}): LedgerStage {
  const databases = useDatabases();
  let stage: ReturnType<typeof openStage> | undefined;
  const demand = () => {
    if (stage === undefined) throw new Error('There is a database while a test runs.');
    return stage;
  };
  const [before, after] = per === 'file' ? [beforeAll, afterAll] : [beforeEach, afterEach];
  before(async () => {
    stage = openStage(await databases.create(), options);
  });
  after(async () => {
    await stage?.close();
    stage = undefined;
  });
  return {
    get url() {
      return demand().url;
    },
    ledger: forward(() => demand().ledger),
    sql: forward(() => demand().sql),
    open: (change) => demand().open(change),
    createDatabase: (content) => databases.create(content),
  };
}

function openStage(databaseUrl: string, options: Partial<LedgerOptions>) {
  const opened: Ledger[] = [];
  const open = ({ url = databaseUrl, ...change }: LedgerChange = {}) => {
    const made = openLedger(url, {
      clock: Date,
      random: { key: randomUUID },
      ...options,
      ...change,
    });
    opened.push(made);
    return made;
  };
  const sql = connect(databaseUrl);
  return {
    ...{ url: databaseUrl, ledger: open(), sql, open },
    close: () => Promise.all([...opened.map((each) => each.close()), sql.end()]),
  };
}

/** Connects twice, since a test may leave one connection in an open transaction. */
function connect(url: string): Sql {
  return postgres(url, { max: 2, fetch_types: false, onnotice: () => undefined });
}
