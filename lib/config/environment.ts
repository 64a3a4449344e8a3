import * as v from 'valibot';

/** Environment variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface ConfigErrorOptions extends ErrorOptions {
  /** What was read, where that is not the environment. */
  readonly source?: string;
}

/** Says every variable, or setting, that is missing or wrong; names and rules only, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly variables: readonly string[];

  /** Parts are built into files of their own, so what they throw is made by another copy of this class. */
  static override [Symbol.hasInstance](value: unknown): value is ConfigError {
    return value instanceof Error && value.name === 'ConfigError';
  }

  constructor(
    problems: readonly { readonly variable: string; readonly message: string }[],
    { source = 'this environment', ...options }: ConfigErrorOptions = {},
  ) {
    super(
      `Cannot serve with ${source}: ${problems
        .map(({ variable, message }) => `${variable} ${message}`)
        .join('; ')}`,
      options,
    );
    this.variables = problems.map(({ variable }) => variable);
  }
}

/** Schema of a variable that must be there. */
export const given = v.pipe(v.string('must be set'), v.nonEmpty('must not be empty'));

/**
 * Answers `environment` as `schema` types it.
 *
 * @throws {ConfigError}
 */
export function readEnvironment<TSchema extends v.GenericSchema>(
  schema: TSchema,
  environment: Environment,
): v.InferOutput<TSchema> {
  const result = v.safeParse(schema, environment);
  if (result.success) return result.output;
  throw refuse(result.issues);
}

/**
 * Answers `environment` as both schemas type it. Valibot's own way to put schemas together costs a bundle more than a
 * kilobyte.
 *
 * @throws {ConfigError} that says what is wrong by either.
 */
export function readEnvironmentTwice<
  First extends v.GenericSchema<unknown, object>,
  Second extends v.GenericSchema<unknown, object>,
>(
  first: First,
  second: Second,
  environment: Environment,
): v.InferOutput<First> & v.InferOutput<Second> {
  const one = v.safeParse(first, environment);
  const other = v.safeParse(second, environment);
  if (one.success && other.success) return { ...one.output, ...other.output };
  throw refuse([...(one.issues ?? []), ...(other.issues ?? [])]);
}

function refuse(issues: readonly v.BaseIssue<unknown>[]): ConfigError {
  return new ConfigError(
    issues.map((issue) => ({
      variable: v.getDotPath(issue) ?? '',
      // An absent variable is an issue of the object, which knows no better words.
      message: issue.input === undefined ? 'must be set' : issue.message,
    })),
  );
}

/** Answers the items of a comma-separated list. */
export function splitList(list: string): readonly string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
