import { randomUUID } from 'node:crypto';
import postgres, { type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';
import type { EventRecord } from '../../lib/ledger/event-record.ts';
import { type Ledger, type LedgerOptions, openLedger } from '../../lib/ledger/ledger.ts';
import type { UploadChange } from '../../lib/ledger/upload-row.ts';
import { forward } from './forward.ts';

/** Makes databases for one test file. */
export interface TestDatabases {
  /**
   * Returns the URL of a new database: with the ledger's tables, or `empty`. It is dropped after the test that made it,
   * or after the file where none did.
   */
  create(content?: 'empty'): Promise<string>;
}

/** Makes databases for the file that calls it, on the server that all files share. */
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

/** Returns an event that tells of these changes of uploads, under an id of its own where `more` has none. */
export const eventOf = (
  changes: readonly UploadChange[],
  more: Partial<EventRecord> = {},
): EventRecord => ({
  ...{ eventId: randomUUID(), eventType: 'vod.NewFileUpload', payload: {}, confirmed: true },
  ...{ changes, ...more },
});

/** How a ledger differs from one by the system's clock, without targets. */
type LedgerChange = Partial<LedgerOptions> & {
  /** By which way its database is reached, other than the direct one. */
  readonly url?: string;
};

/** A database with the ledger's tables; all that is opened on it is closed by itself. */
export interface LedgerStage {
  readonly url: string;
  /** With the options of the file. */
  readonly ledger: Ledger;
  /** A connection beside the ledger's. */
  readonly sql: Sql;
  /** Opens another ledger, as another instance has it. */
  open(change?: LedgerChange): Ledger;
  readonly createDatabase: TestDatabases['create'];
}

/**
 * Gives each test a new database with a ledger, or all tests of the file one `per: 'file'`. What is returned stands for
 * that of the test that runs, except for `url`, which is to be read anew.
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
    const made = openLedger(url, { now: Date.now, randomKey: randomUUID, ...options, ...change });
    opened.push(made);
    return made;
  };
  const sql = connect(databaseUrl);
  return {
    ...{ url: databaseUrl, ledger: open(), sql, open },
    close: () => Promise.all([...opened.map((each) => each.close()), sql.end()]),
  };
}

/** Connects twice where one connection is in a transaction that a test leaves open. */
function connect(url: string): Sql {
  return postgres(url, { max: 2, fetch_types: false, onnotice: () => undefined });
}
