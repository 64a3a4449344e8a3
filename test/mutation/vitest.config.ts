import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What a database or a server takes is about as much as a test of that many characters. */
const STAGE_CHARACTERS = 100_000;

/** The faulty folder, as `lib/pulls`. */
const folder = process.env['MUTATION_FOLDER'] ?? '';

/**
 * What mirrors the faulty folder first, of that what has neither database nor server, and of that small files: most faults
 * are found by a small file that mirrors the faulty one, and the first failure ends a run.
 */
class CheapestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const cost = ({ moduleId }: TestSpecification) => {
      const text = readFileSync(moduleId, 'utf8');
      const hasStage = /useLedger|start\w+\(/.test(text);
      const isOwn = moduleId.includes(`/test/${folder}/`);
      return text.length + STAGE_CHARACTERS * (Number(hasStage) + (isOwn ? 0 : 2));
    };
    return files.toSorted((one, other) => cost(one) - cost(other));
  }
}

/** The tests that `MUTATION_TESTS` names, a list of files and folders with commas between them. */
const tests = (process.env['MUTATION_TESTS'] ?? '').split(',').filter((name) => name !== '');

export default defineConfig({
  test: {
    include: tests.map((name) => (name.endsWith('.ts') ? name : `${name}/**/*.test.ts`)),
    sequence: { sequencer: CheapestFirst },
    // Each fault has a thread of its own, which loads all once: a thread for each file takes twice the time.
    isolate: false,
    setupFiles: ['test/mutation/load-folder.ts', 'test/mutation/shorten-properties.ts'],
    globalSetup: 'test/support/database-server.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
