/**
 * Changes one place of one SQL text of lib/ledger at a time and checks whether a test fails: `npm run mutate:sql`. Works on a
 * copy in a temporary folder, with its own PostgreSQL.
 *
 * --file jobs/actions.ts   only that file
 * --sample 40              that many changes, evenly spread over all
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openServer } from '../support/database-server.ts';
import { findSqlMutants, type SqlMutant } from './find-sql-mutants.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const LEDGER = 'lib/ledger';
const TESTS = 'test/lib/ledger';

/** What test files import, and the configuration that runs them. */
const COPIED = [
  'lib',
  'tools',
  TESTS,
  'test/support',
  'vitest.config.ts',
  'package.json',
  'tsconfig.json',
];

/** Folders without statements of the ledger's operations. */
const LEFT_OUT = new Set(['connection', 'schema']);

/**
 * Tests of each file, those that detect most first: names of files of the folder of tests, wherever in it they are. A file
 * that is not listed has the test of its own name.
 */
const TESTS_OF: Readonly<Record<string, readonly string[]>> = {
  'backlog.ts': ['backlog', 'deliveries', 'actions'],
  'deliveries/dead-deliveries.ts': ['replay', 'deliveries'],
  'deliveries/deliveries.ts': ['jobs', 'deliveries'],
  'deliveries/endpoints.ts': ['paused-endpoints', 'deliveries'],
  'deliveries/feed.ts': ['feed'],
  'gone-applications.ts': ['applications'],
  'idempotency-keys.ts': ['uploads'],
  'jobs/actions.ts': ['jobs', 'actions'],
  'jobs/jobs.ts': ['jobs', 'actions', 'pulls', 'deliveries', 'uploads'],
  'jobs/pending-confirmations.ts': ['jobs', 'actions', 'pending-confirmations'],
  'jobs/pulls.ts': ['pulls', 'jobs', 'uploads'],
  'jobs/reconciliation.ts': ['reconciliation', 'uploads', 'jobs'],
  'leases.ts': ['uploads'],
  'recording/event-sql.ts': ['record-statement', 'events', 'pruning'],
  'recording/events.ts': ['events', 'outbox', 'collisions'],
  'recording/lost-answers.ts': ['recorded-claims', 'connection'],
  'recording/record-many.ts': [
    ...['record-statement', 'recorded-claims', 'events', 'outbox', 'applications'],
  ],
  'recording/record-one.ts': [
    ...['record-statement', 'recorded-claims', 'events', 'outbox', 'applications'],
  ],
  'retention/pruned-tables.ts': ['pruning'],
  'runs/pull-run-items.ts': ['pull-runs'],
  'runs/pull-run-pauses.ts': ['pull-runs'],
  'runs/pull-run-statements.ts': ['pull-runs'],
  'uploads/merge-uploads.ts': ['outbox', 'events', 'collisions', 'applications'],
  'uploads/progress-claims.ts': ['pull-runs'],
  'uploads/outbox.ts': ['outbox', 'events', 'actions', 'recorded-claims', 'applications'],
  'uploads/timeline.ts': ['actions', 'deliveries'],
  'uploads/upload-contents.ts': ['uploads'],
  'uploads/upload-row.ts': ['upload-change', 'uploads'],
  'uploads/upload-upsert.ts': [
    ...['upload-change', 'events', 'owners', 'applications', 'uploads', 'quotas', 'collisions'],
  ],
  'uploads/uploads.ts': ['uploads', 'outbox', 'applications', 'pulls'],
};

/** A run in which a statement waits for a lock forever is killed and counts as failed. */
const TIME_LIMIT = 180_000;

/** An entry of `sql-equivalents.json`: a change that no test can detect, as it is printed, and the reason. */
type EquivalentChange = Readonly<Record<'file' | 'within' | 'from' | 'to' | 'reason', string>>;

const EQUIVALENTS: readonly EquivalentChange[] = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'sql-equivalents.json'), 'utf8'),
);

interface Trial extends SqlMutant {
  readonly file: string;
}

const { values } = parseArgs({ options: { file: { type: 'string' }, sample: { type: 'string' } } });

function listTrials(): readonly Trial[] {
  const files = readdirSync(path.join(ROOT, LEDGER), { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      file.endsWith('.ts') && !LEFT_OUT.has(path.dirname(file)) && (values.file ?? file) === file,
  );
  const all = files.flatMap((file) =>
    findSqlMutants(readFileSync(path.join(ROOT, LEDGER, file), 'utf8'))
      .map((mutant) => ({ ...mutant, file }))
      .filter((trial) => !isEquivalent(trial)),
  );
  const count = Math.min(all.length, Number(values.sample ?? all.length));
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]).filter(
    (trial) => trial !== undefined,
  );
}

function isEquivalent({ file, within, from, to }: Trial): boolean {
  return EQUIVALENTS.some(
    (known) =>
      known.file === file && known.within === within && known.from === from && known.to === to,
  );
}

function listTests(file: string): readonly string[] {
  const names = TESTS_OF[file] ?? [path.basename(file, '.ts')];
  const there = readdirSync(path.join(ROOT, TESTS), { recursive: true, encoding: 'utf8' });
  return names
    .flatMap((name) => there.filter((test) => path.basename(test) === `${name}.test.ts`))
    .map((test) => `${TESTS}/${test}`);
}

/** Returns whether all tests of a file of the copy pass. */
function passes(copy: string, file: string, databaseUrl: string): Promise<boolean> {
  const tests = listTests(file);
  if (tests.length === 0) throw new Error(`No test is named for ${file}.`);
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const options = ['--project=unit', '--bail=1', '--no-file-parallelism', '--reporter=dot'];
  return new Promise((resolve, reject) => {
    const run = spawn(process.execPath, [vitest, 'run', ...options, ...tests], {
      cwd: copy,
      env: { ...process.env, TEST_DATABASE_URL: databaseUrl },
      stdio: 'ignore',
      timeout: TIME_LIMIT,
    });
    run.on('error', reject).on('close', (code) => resolve(code === 0));
  });
}

/** Aborted by a signal, so that the server is stopped and the copy removed in this case, too. */
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

/** Returns the trials of one file that no test detects. */
async function tryFile(
  file: string,
  trials: readonly Trial[],
  { copy, databaseUrl }: { readonly copy: string; readonly databaseUrl: string },
): Promise<readonly Trial[]> {
  if (!(await passes(copy, file, databaseUrl))) {
    throw new Error(`The tests of ${file} fail without any change.`);
  }
  const survivors: Trial[] = [];
  for (const trial of trials) {
    stop.signal.throwIfAborted();
    writeFileSync(path.join(copy, LEDGER, file), trial.source);
    if (await passes(copy, file, databaseUrl)) survivors.push(trial);
  }
  cpSync(path.join(ROOT, LEDGER, file), path.join(copy, LEDGER, file));
  return survivors;
}

async function tryAll(copy: string, databaseUrl: string): Promise<void> {
  const trials = listTrials();
  for (const file of new Set(trials.map((trial) => trial.file))) {
    const own = trials.filter((trial) => trial.file === file);
    const survivors = await tryFile(file, own, { copy, databaseUrl });
    const seen = own.length - survivors.length;
    print(`${file}: ${seen} of ${own.length} seen, ${Math.round((100 * seen) / own.length)} %`);
    for (const { line, within, from, to } of survivors) {
      print(`  ${line} ${within}: ${from}  ->  ${to}`);
    }
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

const copy = mkdtempSync(path.join(tmpdir(), 'mutate-sql-'));
const server = await openServer();
try {
  for (const name of COPIED) {
    cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  await tryAll(copy, server.url);
} finally {
  await server.close();
  rmSync(copy, { recursive: true, force: true });
}
