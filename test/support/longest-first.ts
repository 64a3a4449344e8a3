import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes in CI; a machine that has not run them before does not know that. */
const LONG = ['/test/contract/contract.test.ts', '/test/fuzz/fuzz.test.ts'];

/** Begins with the files that take longest, so that none of them runs alone while the other workers have nothing to do. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      LONG.some((name) => moduleId.endsWith(name));
    return (await super.sort(files)).sort(
      (one, other) => Number(isLong(other)) - Number(isLong(one)),
    );
  }
}
