/** What is wrong with one variable; the message follows the variable's name, and does not reveal its value. */
export interface VariableProblem {
  readonly variable: string;
  readonly message: string;
}

interface ConfigErrorOptions extends ErrorOptions {
  /** What was read, if it was not the environment. */
  readonly source?: string;
}

/** Lists every variable or setting that is missing or wrong; names and rules only, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly VariableProblem[];
  readonly variables: readonly string[];

  /** Parts are bundled into separate files, so an error that they throw comes from another copy of this class. */
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
