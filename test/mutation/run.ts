import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { openServer } from '../support/database-server.ts';
import { countLines, type LineRange, readChangedLines, sampleLines } from './changed-lines.ts';
import { EQUIVALENT } from './equivalent.ts';
import { FOLDERS } from './folders.ts';
import { allowSurvivors, computeScore, type Mutant, type Score } from './score.ts';

// Plants small faults in lib, one at a time, and reports those that no test detects.
//
//   npm run mutate                          every folder of folders.ts
//   npm run mutate -- signing model         these alone
//   npm run mutate -- --since main          lines that changed since that commit, at most --lines of them
//   npm run mutate -- --again               ignores the results of earlier runs
//
// A run that was stopped continues with the files that it had not finished.

/** Per cent of the faults that the tests of each folder must detect. */
const LEAST_PERCENT = 95;

/** Takes about three minutes on two cores: about one fault per line, and two faults in three seconds. */
const SINCE_LINES = '150';

const root = path.resolve(import.meta.dirname, '../..');

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    since: { type: 'string' },
    lines: { type: 'string', default: SINCE_LINES },
    again: { type: 'boolean', default: false },
  },
});

/** What to mutate in each folder, as Stryker's patterns, and whether that is a sample of the requested lines. */
interface Plan {
  readonly patterns: ReadonlyMap<string, string[]>;
  readonly isSample: boolean;
}

function makePlan(): Plan {
  for (const name of positionals) {
    if (!(name in FOLDERS)) throw new Error(`lib/${name} is none of ${Object.keys(FOLDERS)}`);
  }
  const folders = positionals.length > 0 ? positionals : Object.keys(FOLDERS);
  if (options.since === undefined) {
    const patterns = new Map(folders.map((folder) => [folder, listFiles(`lib/${folder}`)]));
    return { patterns, isSample: false };
  }
  const changed = listChanges(options.since, folders);
  const sample = sampleLines(changed, Number(options.lines));
  print(
    `${countLines(changed)} lines changed since ${options.since}; faults go into ${countLines(sample)}.`,
  );
  const patterns = new Map<string, string[]>();
  for (const { file, from, to } of sample) {
    const folder = file.split('/')[1] ?? '';
    patterns.set(folder, [...(patterns.get(folder) ?? []), `${file}:${from}-${to}`]);
  }
  return { patterns, isSample: sample !== changed };
}

/** Returns the files of a folder and of those below. */
function listFiles(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`)
    .toSorted();
}

function listChanges(base: string, folders: readonly string[]): readonly LineRange[] {
  const under = folders.map((folder) => `lib/${folder}`);
  const diff = git(
    'diff',
    '--unified=0',
    '--no-prefix',
    '--no-ext-diff',
    '--no-color',
    base,
    '--',
    ...under,
  );
  const untracked = git('ls-files', '--others', '--exclude-standard', '--', ...under)
    .split('\n')
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({
      file,
      from: 1,
      to: readFileSync(path.join(root, file), 'utf8').split('\n').length,
    }));
  return [...readChangedLines(diff), ...untracked];
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

/** @param name under which the results are stored for the next run. */
async function mutate(folder: string, name: string, patterns: string[]): Promise<Mutant[]> {
  // These and `TEST_DATABASE_URL` are read by the processes that Stryker starts, which it kills if a fault makes them
  // hang.
  process.env['MUTATION_FOLDER'] = `lib/${folder}`;
  process.env['MUTATION_TESTS'] = FOLDERS[folder]?.join(',');
  const results = await new Stryker({
    configFile: 'test/mutation/stryker.config.json',
    mutate: patterns,
    incremental: options.since === undefined,
    incrementalFile: `.local/mutation-${name.replaceAll('/', '-')}.json`,
    force: options.again,
  }).runMutationTest();
  return results.map(({ fileName, location: { start, end }, mutatorName, replacement, status }) => {
    const lines = readFileSync(fileName, 'utf8')
      .split('\n')
      .slice(start.line - 1, end.line);
    const text = lines[0]?.trim() ?? '';
    lines.push(lines.pop()?.slice(0, end.column - 1) ?? '');
    return {
      file: path.relative(root, fileName),
      line: start.line,
      text,
      code: onOneLine(lines.join('\n').slice(start.column - 1)),
      mutator: mutatorName,
      replacement: onOneLine(replacement),
      status,
    };
  });
}

/** Comments are left out, so that a list of changes survives their rewording. */
function onOneLine(code: string): string {
  return code.replaceAll(/^\s*\/\/ .*$/gm, '').replaceAll(/\s+/g, ' ');
}

/**
 * Prints the result for `name`. Returns whether the tests detect enough and the list of equivalent changes is up to
 * date.
 */
function report(name: string, score: Score, isSample = false): boolean {
  const { killed, survivors, equivalent, stale, percent } = score;
  for (const { file, line, mutator, text, code, replacement } of survivors) {
    print(`  ${file}:${line} ${mutator}\n    ${text}\n    ${code} -> ${replacement}`);
  }
  for (const { file, text, code } of stale) {
    print(`  Take it out of equivalent.ts, no survivor fits it: ${file}\n    ${text}\n    ${code}`);
  }
  const counts = `${killed} seen, ${survivors.length} not, ${equivalent} equivalent`;
  print(`${name}: ${percent.toFixed(1)} % (${counts})`);
  const most = allowSurvivors(killed + survivors.length, LEAST_PERCENT, isSample);
  return survivors.length <= most && stale.length === 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const found: Mutant[] = [];
let isEnough = true;
const plan = makePlan();
const server = await openServer(process.env['TEST_DATABASE_URL']);
process.env['TEST_DATABASE_URL'] = server.url;
try {
  for (const [folder, patterns] of plan.patterns) {
    if (options.since !== undefined) {
      found.push(...(await mutate(folder, folder, patterns)));
      continue;
    }
    const mutants: Mutant[] = [];
    for (const file of patterns) mutants.push(...(await mutate(folder, file, [file])));
    const listed = EQUIVALENT.filter(({ file }) => file.startsWith(`lib/${folder}/`));
    isEnough = report(`lib/${folder}`, computeScore(mutants, listed)) && isEnough;
  }
} finally {
  await server.close();
}
if (options.since !== undefined) {
  // The changed lines are too few to judge each folder, or to find entries of the list that are out of date.
  isEnough = report(
    'What changed',
    { ...computeScore(found, EQUIVALENT), stale: [] },
    plan.isSample,
  );
}
if (!isEnough) {
  print(
    `The tests must see ${LEAST_PERCENT} % of them; write a test, or list in equivalent.ts what changes nothing.`,
  );
  process.exitCode = 1;
}
