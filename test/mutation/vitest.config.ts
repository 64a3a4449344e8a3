import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Starting a database or a server costs about as much as a test of that many characters. */
const STAGE_CHARACTERS = 100_000;

/** The faulty folder, such as `lib/pulls`. */
const folder = process.env['MUTATION_FOLDER'] ?? '';

/**
 * Runs first the tests that mirror the faulty folder, of these the ones without a database or server, and of these the
 * small ones: most faults are found by a small test of the faulty file, and the first failure ends a run.
 */
class CheapestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const cost = ({ moduleId }: TestSpecification) => {
      const text = readFileSync(moduleId, 'utf8');
      const hasStage = /\buse[A-Z]|start\w+\(/.test(text);
      const isOwn = moduleId.includes(`/test/${folder}/`);
      return text.length + STAGE_CHARACTERS * (Number(hasStage) + (isOwn ? 0 : 2));
    };
    return files.toSorted((one, other) => cost(one) - cost(other));
  }
}

/** The tests that `MUTATION_TESTS` names: a comma-separated list of files and folders. */
const tests = (process.env['MUTATION_TESTS'] ?? '').split(',').filter((name) => name !== '');

export default defineConfig({
  test: {
    include: tests.map((name) => (name.endsWith('.ts') ? name : `${name}/**/*.test.ts`)),
    sequence: { sequencer: CheapestFirst },
    // Each fault has one thread, which loads everything once; a thread for each file takes twice the time.
    isolate: false,
    setupFiles: ['test/mutation/load-folder.ts', 'test/mutation/shorten-properties.ts'],
    globalSetup: 'test/support/database-server.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
