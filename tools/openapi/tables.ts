import type { OpenApiDocument } from './document.ts';
import { OPERATIONS } from './document.ts';
import type { JsonSchema } from './json-schema.ts';
import { PROBLEM_CODES, PROBLEM_TEXTS, statusOf } from './problems.ts';
import { type FieldText, PULL_TEXTS, SIGNATURE_TEXTS, STATE_TEXTS } from './texts.ts';

type Row = readonly string[];

/** Returns the tables of docs/http-api.md, by the names in their marks. */
export function writeTables(document: OpenApiDocument): Readonly<Record<string, string>> {
  const { SignatureRequest, PullRequest } = document.components.schemas;
  return {
    signature: writeFields(SignatureRequest, SIGNATURE_TEXTS),
    pull: writeFields(PullRequest, PULL_TEXTS),
    runs: writeOperations('/pulls/runs'),
    uploads: writeOperations('/uploads'),
    states: writeTable(['`state`', 'meaning'], Object.entries(STATE_TEXTS).map(quoteFirst)),
    problems: writeTable(
      ['`code`', 'status', 'when'],
      PROBLEM_CODES.map((code) => [
        `\`${code}\``,
        String(statusOf(code)),
        PROBLEM_TEXTS[code].when,
      ]),
    ),
  };
}

/**
 * Returns `markdown` with `tables` between their marks.
 *
 * @throws Error if a table has no marks.
 */
export function insertTables(markdown: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const begin = `<!-- table ${name}, by npm run openapi -->\n`;
    const end = '<!-- end -->';
    const start = text.indexOf(begin);
    const stop = text.indexOf(end, start);
    if (start < 0 || stop < 0) throw new Error(`There are no marks for the table ${name}.`);
    return `${text.slice(0, start)}${begin}${table}${text.slice(stop)}`;
  }, markdown);
}

function writeFields(
  { properties = {} }: JsonSchema = {},
  texts: Readonly<Record<string, FieldText>>,
): string {
  const rows = Object.entries(texts).map(([name, { rule, meaning }]): Row => {
    return [`\`${name}\``, rule ?? writeRule(name, properties[name]), meaning];
  });
  return writeTable(['field', 'rule', 'meaning'], rows);
}

/** Returns the rule that a schema states, in words. */
function writeRule(name: string, schema: JsonSchema = {}): string {
  const { type = [], enum: values, minimum, maximum, 'x-maxBytes': maxBytes } = schema;
  if (values !== undefined) {
    return values.flatMap((value) => (value === null ? [] : [`\`${value}\``])).join(', ');
  }
  if (type.includes('boolean')) return '`true`, `false`';
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (maxBytes !== undefined) return `at most ${maxBytes} bytes`;
  throw new Error(`The rule of the field ${name} needs words.`);
}

function writeOperations(root: string): string {
  const rows = OPERATIONS.filter(({ path }) => path.startsWith(root)).map(
    ({ method, path, query = {}, scope, answer }): Row => {
      const names = Object.keys(query);
      const parameters = names.length === 0 ? '' : `?${names.map((name) => `${name}=`).join('&')}`;
      return [`\`${method.toUpperCase()} ${path}${parameters}\``, `\`${scope}\``, answer];
    },
  );
  return writeTable(['request', 'scope', 'response'], rows);
}

function quoteFirst([first, ...rest]: Row): Row {
  return [`\`${first}\``, ...rest];
}

function writeTable(head: Row, rows: readonly Row[]): string {
  const all = [head, head.map(() => '---'), ...rows];
  return all.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
