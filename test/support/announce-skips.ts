import { listMissing } from './requirement.ts';

/** Reports at the start, and not only with each test, which tests will be skipped and why. */
export function setup(): void {
  const missing = listMissing();
  if (missing.length === 0) return;
  const list = missing.map((sentence) => `  - ${sentence}`).join('\n');
  process.stderr.write(
    `\nSome tests are skipped, since this machine lacks what they need:\n${list}\n\n`,
  );
}
