/** What is wrong with one variable; the message goes on from its name, and tells nothing of its value. */
export interface VariableProblem {
  readonly variable: string;
  readonly message: string;
}

interface ConfigErrorOptions extends ErrorOptions {
  /** What was read, where that is not the environment. */
  readonly source?: string;
}

/** Says every variable, or setting, that is missing or wrong; names and rules only, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly VariableProblem[];
  readonly variables: readonly string[];

  /** Parts are built into files of their own, so what they throw is made by another copy of this class. */
  static override [Symbol.hasInstance](value: unknown): value is ConfigError {
    return value instanceof Error && value.name === 'ConfigError';
  }

  constructor(
    problems: readonly VariableProblem[],
    { source = 'this environment', ...options }: ConfigErrorOptions = {},
  ) {
    super(
      `Cannot serve with ${source}: ${problems
        .map(({ variable, message }) => `${variable} ${message}`)
        .join('; ')}`,
      options,
    );
    this.problems = problems;
    this.variables = problems.map(({ variable }) => variable);
  }
}
