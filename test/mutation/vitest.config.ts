import { statSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Small files first: most faults are found by a small file that mirrors the faulty one, and the first failure ends a run. */
class SmallestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const size = (file: TestSpecification) => statSync(file.moduleId).size;
    return files.toSorted((one, other) => size(one) - size(other));
  }
}

/** The tests that `MUTATION_TESTS` names, a list of files and folders with commas between them. */
const tests = (process.env['MUTATION_TESTS'] ?? '').split(',').filter((name) => name !== '');

export default defineConfig({
  test: {
    include: tests.map((name) => (name.endsWith('.ts') ? name : `${name}/**/*.test.ts`)),
    sequence: { sequencer: SmallestFirst },
    // Each fault has a thread of its own, which loads all once: a thread for each file takes twice the time.
    isolate: false,
    setupFiles: ['test/mutation/load-folder.ts', 'test/mutation/shorten-properties.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
