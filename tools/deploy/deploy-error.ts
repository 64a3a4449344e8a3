/** Why a command of the deployment cannot continue, in a sentence without secrets. */
export class DeployError extends Error {
  override readonly name = 'DeployError';
}

/** Returns one text that lists the problems. */
export function listProblems(heading: string, problems: readonly string[]): string {
  return [heading, ...problems.map((problem) => `  - ${problem}`)].join('\n');
}
