import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { countLines, type LineRange, readChangedLines, sampleLines } from './changed-lines.ts';
import { EQUIVALENT } from './equivalent.ts';
import { FOLDERS } from './folders.ts';
import { computeScore, type Mutant, type Score } from './score.ts';

// Plants small faults in lib, one at a time, and says which of them no test sees.
//
//   npm run mutate                          every folder of folders.ts
//   npm run mutate -- signing model         these alone
//   npm run mutate -- --since main          lines that changed since then, at most --lines of them
//   npm run mutate -- --again               without what earlier runs found

/** Per cent of the faults that the tests of each folder have to see. */
const LEAST_PERCENT = 95;

/** About three minutes' worth on two cores: about one fault a line, and two in three seconds. */
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

/** Returns what to mutate in each folder, as Stryker's patterns. */
function listPatterns(): Map<string, string[]> {
  for (const name of positionals) {
    if (!(name in FOLDERS)) throw new Error(`lib/${name} is none of ${Object.keys(FOLDERS)}`);
  }
  const folders = positionals.length > 0 ? positionals : Object.keys(FOLDERS);
  if (options.since === undefined) {
    return new Map(folders.map((folder) => [folder, [`lib/${folder}/**/*.ts`]]));
  }
  const sample = sampleChanges(options.since, folders);
  const patterns = new Map<string, string[]>();
  for (const { file, from, to } of sample) {
    const folder = file.split('/')[1] ?? '';
    patterns.set(folder, [...(patterns.get(folder) ?? []), `${file}:${from}-${to}`]);
  }
  return patterns;
}

function sampleChanges(base: string, folders: readonly string[]): readonly LineRange[] {
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
  const changed = [...readChangedLines(diff), ...untracked];
  const sample = sampleLines(changed, Number(options.lines));
  print(
    `${countLines(changed)} lines changed since ${base}; faults go into ${countLines(sample)}.`,
  );
  return sample;
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

async function mutate(folder: string, patterns: string[]): Promise<Mutant[]> {
  // Read by vitest.config.ts, in the processes that Stryker starts.
  process.env['MUTATION_TESTS'] = FOLDERS[folder]?.join(',');
  const results = await new Stryker({
    configFile: 'test/mutation/stryker.config.json',
    mutate: patterns,
    incremental: options.since === undefined,
    incrementalFile: `.local/mutation-${folder}.json`,
    force: options.again,
  }).runMutationTest();
  return results.map(({ fileName, location, mutatorName, replacement, status }) => ({
    file: path.relative(root, fileName),
    line: location.start.line,
    text: readFileSync(fileName, 'utf8').split('\n')[location.start.line - 1]?.trim() ?? '',
    mutator: mutatorName,
    replacement: replacement.replaceAll(/\s+/g, ' '),
    status,
  }));
}

/** Says what came of a folder. Returns whether its tests see enough, and whether the list of equivalent changes is true. */
function report(folder: string, score: Score): boolean {
  const isWhole = options.since === undefined;
  for (const { file, line, mutator, text, replacement } of score.survivors) {
    print(`  ${file}:${line} ${mutator}\n    ${text}\n    ${replacement}`);
  }
  for (const { file, text, replacement } of isWhole ? score.stale : []) {
    print(
      `  Take it out of equivalent.ts, nothing fits it: ${file}\n    ${text}\n    ${replacement}`,
    );
  }
  const { killed, survivors, equivalent, percent } = score;
  print(
    `lib/${folder}: ${percent.toFixed(1)} %, ${killed} seen, ${survivors.length} not, ${equivalent} equivalent`,
  );
  return percent >= LEAST_PERCENT && !(isWhole && score.stale.length > 0);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

for (const [folder, patterns] of listPatterns()) {
  const listed = EQUIVALENT.filter(({ file }) => file.startsWith(`lib/${folder}/`));
  const isEnough = report(folder, computeScore(await mutate(folder, patterns), listed));
  if (!isEnough) process.exitCode = 1;
}
if (process.exitCode === 1)
  print(`Fewer than ${LEAST_PERCENT} % were seen, or the list is not true.`);
