/** Says in a sentence why a command of the deployment cannot go on; its text has no secrets. */
export class DeployError extends Error {
  override readonly name = 'DeployError';
}

/** Returns the one text of several problems. */
export function listProblems(heading: string, problems: readonly string[]): string {
  return [heading, ...problems.map((problem) => `  - ${problem}`)].join('\n');
}
