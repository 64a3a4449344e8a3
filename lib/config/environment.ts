import * as v from 'valibot';
import type { VariableProblem } from '../config-error.ts';
import { ConfigError } from '../config-error.ts';

/** Environment variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;
/** Schema of a required variable. */
export const given = v.pipe(v.string('must be set'), v.nonEmpty('must not be empty'));

/**
 * Names of variables with several values, which are plurals, and of certificates: white space between and around their
 * values or lines is ignored.
 */
const SPACED = /(?:S|_CA)$/;

/**
 * White space at either end, invisible characters anywhere:
 * https://www.unicode.org/reports/tr44/#General_Category_Values.
 */
const STRAY = /^\s+|\s+$|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{DI}]|(?! )\p{Zs}/u;

const STRAY_NAMES: Readonly<Record<string, string>> = {
  ' ': 'a space',
  '\t': 'a tab',
  '\n': 'a line break',
  '\r': 'a carriage return',
};

/**
 * Returns the variables with stray characters from copy and paste, or from a file that another program reads
 * differently: white space around the value, invisible characters, quotation marks around all of it. These are not
 * removed silently: another program that checks the same secret may have the same text, and the deployer must learn of
 * it.
 */
export function findStrayCharacters(variables: Environment): readonly VariableProblem[] {
  return Object.entries(variables).flatMap(([variable, value = '']) => {
    const found = describeStray(
      SPACED.test(variable) ? value.replaceAll(/[ \t\r\n]+/g, '') : value,
    );
    return found === undefined ? [] : [{ variable, message: `${found}; write it without` }];
  });
}

/** What nearly all values have alone. Compiling the expression for all others costs a cold start half a millisecond. */
const PLAIN = /^[!#-&(-_a-~]*$/;

function describeStray(text: string): string | undefined {
  if (PLAIN.test(text)) return undefined;
  if (/^["'`“‘].*["'`”’]$/s.test(text)) return 'is in quotation marks';
  const found = STRAY.exec(text);
  if (found === null) return undefined;
  const [unseen] = found;
  const last = [...unseen].at(-1) ?? '';
  const code = last.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  const what = `${STRAY_NAMES[last] ?? 'an invisible character'} (U+${code})`;
  if (found.index === 0) return `begins with ${what}`;
  return `${found.index + unseen.length === text.length ? 'ends with' : 'has in it'} ${what}`;
}

/** Schema of some of the variables. */
type Schema = v.GenericSchema<unknown, object>;

/**
 * Returns `environment` as all of the schemas type it. Valibot's own way to combine schemas adds more than a kilobyte to a
 * bundle, and time to its start.
 *
 * @throws {ConfigError} that lists the errors of all.
 */
export function readEnvironment<
  A extends Schema,
  B extends Schema = A,
  C extends Schema = A,
  D extends Schema = A,
  E extends Schema = A,
>(
  schemas: readonly [A, B?, C?, D?, E?],
  environment: Environment,
): v.InferOutput<A> & v.InferOutput<B> & v.InferOutput<C> & v.InferOutput<D> & v.InferOutput<E>;
export function readEnvironment(schemas: readonly Schema[], environment: Environment): object {
  const variables = schemas.flatMap(listVariables).map((name) => [name, environment[name]]);
  const stray = findStrayCharacters(Object.fromEntries(variables));
  const results = schemas.map((schema) => v.safeParse(schema, environment));
  const issues = results.flatMap((result) => result.issues ?? []);
  if (issues.length === 0 && stray.length === 0) {
    return Object.assign({}, ...results.map(({ output }) => output));
  }
  throw refuse(stray, issues);
}

function listVariables(schema: object): readonly string[] {
  return 'entries' in schema ? Object.keys(Object(schema.entries)) : [];
}

/**
 * Creates the error. For a variable with stray characters other problems are left out, since they follow from these.
 */
function refuse(
  stray: readonly VariableProblem[],
  issues: readonly v.BaseIssue<unknown>[],
): ConfigError {
  const names = new Set(stray.map(({ variable }) => variable));
  const problems = issues.map((issue) => ({
    variable: v.getDotPath(issue) ?? '',
    // A missing variable is an issue of the object schema, whose message does not say that.
    message: issue.input === undefined ? 'must be set' : issue.message,
  }));
  const others = problems.filter(({ variable }) => !names.has(variable.replace(/\..*/s, '')));
  return new ConfigError([...stray, ...others]);
}

/** Returns the items of a comma-separated list. */
export function splitList(list: string): readonly string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A comma-separated list of ports; becomes numbers. */
export const portList = v.pipe(
  v.string(),
  v.transform(splitList),
  v.everyItem(
    (port) => /^[1-9]\d{0,4}$/.test(port) && Number(port) < 2 ** 16,
    'must be a comma-separated list of ports',
  ),
  v.mapItems(Number),
);
