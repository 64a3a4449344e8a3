/** What a file of environment variables says. */
export interface EnvFile {
  readonly variables: Readonly<Record<string, string>>;
  /**
   * Lines that other programs would read differently, in words: each names its variable or its line, and quotes no
   * value.
   */
  readonly problems: readonly string[];
}

/** The beginning of a line: an optional "export", a name, and "=". */
const ASSIGNMENT = /^[^\S\n]*(?:export[^\S\n]+)?([\w.-]+)[^\S\n]*=/;

/** What may come after a closing quote. */
const REST = /^[^\S\n]*(?:#.*)?$/;

/** A value in quotes, and the rest of its last line. */
const QUOTED = /^[^\S\n]*(?:"((?:\\"|[^"])*)"|'([^']*)'|`([^`]*)`)(.*)/;

/** An unescaped "$" before a name, which dotenv-expand replaces. */
const REFERENCE = /(?<!\\)\$(?:(\{)|(?=[A-Za-z_]))(\w+)/g;

/**
 * What Serverless replaces in every value of serverless.yml, whatever its source:
 * https://www.serverless.com/framework/docs/guides/variables.
 */
const SERVERLESS_VARIABLE = /\$\{[a-z][A-Za-z\d.-]*[:(]/;

const QUOTE_IT = 'put it into quotes of another kind: \'…\', "…" or `…`';

/**
 * Returns the variables of a file `.env`. Values are read as they are written: "$" is not expanded, and "\$" is "$"
 * except within single quotes. A "#" after white space begins a comment. Within quotes (single, double or back), "#"
 * and line ends are part of the value; within double quotes "\n" is a line end. If a variable is set twice, the last
 * line counts.
 *
 * Common readers (dotenv, dotenv-expand, each version of Node.js, Docker Compose, a shell) differ in other cases. What
 * one of them would cut or replace is a problem here, except for a "$" that names no variable.
 *
 * @param isVariable whether there is a variable of this name elsewhere.
 * @see https://www.npmjs.com/package/dotenv#what-rules-does-the-parsing-engine-follow
 * @see https://nodejs.org/docs/latest-v20.x/api/util.html#utilparseenvcontent
 */
export function parseEnvFile(text: string, isVariable: (name: string) => boolean): EnvFile {
  const source = text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n');
  const { assignments, problems } = readLines(source);
  const names = new Set(assignments.map(({ name }) => name));
  const isKnown = (name: string) => names.has(name) || isVariable(name);
  const explained = assignments.flatMap(({ name, line, value, quote, problem }) => {
    const reason = problem ?? explainDollar(value, quote, isKnown);
    return reason === undefined ? [] : { line, text: `${name} (line ${line}) ${reason}` };
  });
  return {
    variables: Object.fromEntries(
      assignments.map(({ name, value, quote }) => [name, unescapeValue(value, quote)]),
    ),
    problems: [...problems, ...explained]
      .toSorted((a, b) => a.line - b.line)
      .map((problem) => problem.text),
  };
}

type Quote = '"' | "'" | '`' | undefined;

interface Value {
  readonly value: string;
  readonly quote: Quote;
  /** Its length in characters of the file, with quotes and comment. */
  readonly length: number;
  readonly problem?: string;
}

interface Assignment extends Omit<Value, 'length'> {
  readonly name: string;
  readonly line: number;
}

function readLines(source: string) {
  const assignments: Assignment[] = [];
  const problems: { readonly line: number; readonly text: string }[] = [];
  let [at, line] = [0, 1];
  while (at < source.length) {
    const [first = ''] = source.slice(at).split('\n', 1);
    const [head = '', name] = ASSIGNMENT.exec(first) ?? [];
    let taken = first.length;
    if (name !== undefined) {
      const { length, ...value } = readValue(source.slice(at + head.length));
      assignments.push({ name, line, ...value });
      taken = head.length + length;
    } else if (!/^\s*(?:#|$)/.test(first)) {
      problems.push({
        line,
        text: `line ${line} is neither NAME=value nor a comment: begin it with #, or put quotes around a value of several lines`,
      });
    }
    line += source.slice(at, at + taken).split('\n').length;
    at += taken + 1;
  }
  return { assignments, problems };
}

/** @param rest the rest of the file after "=". */
function readValue(rest: string): Value {
  const [first = ''] = rest.split('\n', 1);
  const [quote] = /^["'`]/.exec(first.trimStart()) ?? [];
  if (quote !== undefined) return readQuoted(rest, first, quote as Quote);
  const comment = first.search(/\s#/);
  const value = (comment === -1 ? first : first.slice(0, comment)).trim();
  if (value.startsWith('-----BEGIN') && !value.includes('-----END')) {
    const [block] = /^.*?-----END[^\n]*/s.exec(rest) ?? [first];
    const problem = 'has several lines: put double quotes around all of them';
    return { value: '', quote: undefined, length: block.length, problem };
  }
  const cut = value.includes('#') && {
    problem:
      'has a # that other readers interpret as the beginning of a comment: put single quotes around the value, or a space before a comment',
  };
  return { value, quote: undefined, length: first.length, ...cut };
}

function readQuoted(rest: string, first: string, quote: Quote): Value {
  const match = QUOTED.exec(rest);
  const wrong = (problem: string) => ({ value: '', quote, length: first.length, problem });
  if (match === null)
    return wrong(`opens with a quote that is not closed: close it, or ${QUOTE_IT}`);
  const [whole, double, single, back, after = ''] = match;
  if (!REST.test(after)) return wrong(`has text after its closing quote: ${QUOTE_IT}`);
  const value = double ?? single ?? back ?? '';
  if (quote === '"' && /\\["r]/.test(value)) {
    return wrong(
      `has \\" or \\r within double quotes, which readers interpret differently: ${QUOTE_IT}`,
    );
  }
  return { value, quote, length: whole.length };
}

function explainDollar(
  value: string,
  quote: Quote,
  isKnown: (name: string) => boolean,
): string | undefined {
  const refers = [...value.matchAll(REFERENCE)].some(
    ([, brace, name = '']) => brace !== undefined || isKnown(name),
  );
  if (quote !== "'" && refers) {
    return 'refers to another variable with $, and nothing is expanded here: write the value itself, or put single quotes around it where the $ is part of it';
  }
  if (!SERVERLESS_VARIABLE.test(value)) return undefined;
  return 'has a ${ that serverless.yml would take for a variable of its own: write %24 for the $ in a URL, or choose a value without it';
}

function unescapeValue(value: string, quote: Quote): string {
  if (quote === "'") return value;
  const text = quote === '"' ? value.replaceAll('\\n', '\n') : value;
  return text.replaceAll('\\$', '$');
}
