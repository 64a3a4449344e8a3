import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describeApi } from './document.ts';
import { insertTables, writeTables } from './tables.ts';

const DOCS = new URL('../../docs/', import.meta.url);
const OPENAPI = new URL('openapi.json', DOCS);
const HTTP_API = new URL('http-api.md', DOCS);

const document = describeApi();
await writeFile(OPENAPI, `${JSON.stringify(document, null, 2)}\n`);
const markdown = await readFile(HTTP_API, 'utf8');
await writeFile(HTTP_API, insertTables(markdown, writeTables(document)));
// With a release, what callers rely on from then on; nobody reads it, so it is one line.
if (process.argv.includes('--release')) {
  await writeFile(new URL('openapi.released.json', DOCS), `${JSON.stringify(document)}\n`);
}
process.stdout.write(`${fileURLToPath(OPENAPI)}\n`);
