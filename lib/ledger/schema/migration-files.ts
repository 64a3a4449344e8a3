import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

/** One file of a folder of migrations. */
export interface Migration {
  readonly name: string;
  readonly statements: string;
  readonly checksum: string;
}

const NAME = /^\d{4}-[a-z0-9-]+\.sql$/;

/**
 * Returns the migrations in `folder`, in the order of their names.
 *
 * @throws {Error} if the name of one has the wrong form.
 */
export async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const odd = names.filter((name) => !NAME.test(name));
  if (odd.length > 0) {
    throw new Error(`Migrations are named as 0001-some-words.sql, unlike ${odd.join(', ')}.`);
  }
  return Promise.all(
    names.map(async (name) => {
      const statements = await readFile(`${folder}/${name}`, 'utf8');
      // A checkout with other line ends does not count as a change.
      const text = statements.replaceAll('\r\n', '\n');
      return { name, statements, checksum: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

/** What may contain a semicolon that ends no statement: comments, texts, names, bodies of functions. */
const PART =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|;|[^-/'"$;]+|[\s\S]/g;

/** Returns the statements of a migration one by one, without comments around them. */
export function splitStatements(text: string): readonly string[] {
  const statements = [''];
  for (const [part] of text.matchAll(PART)) {
    if (part === ';') statements.push('');
    else if (!/^(?:--|\/\*)/.test(part)) statements.push(`${statements.pop()}${part}`);
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}
