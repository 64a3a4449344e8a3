import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The sources of the commands. */
const ENTRIES = {
  'vod-upload': 'tools/cli/main.ts',
  'vod-emulator': 'tools/vod-emulator/main.ts',
};

/** Where a program is built; checkouts that share their node_modules have one each. */
const fileOf = (name) =>
  join(
    ROOT,
    'node_modules/.cache',
    name,
    `${createHash('sha256').update(ROOT).digest('hex').slice(0, 16)}.mjs`,
  );

/** The vendor's packages are CommonJS. */
const BANNER = `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(${JSON.stringify(import.meta.url)});`;

const HEAD = '// ';

/**
 * Returns the URL of the command `name` as one file, which is built again if a source has changed; undefined if it
 * cannot be built, for example in a folder without write permission.
 */
export async function buildProgram(name) {
  const file = fileOf(name);
  try {
    if (!isFresh(file)) await build(ENTRIES[name], file);
    return pathToFileURL(file).href;
  } catch {
    return undefined;
  }
}

/** The program's first line lists all sources, each with a mark that changes with its content. */
function isFresh(file) {
  try {
    const marks = JSON.parse(readFirstLine(file).slice(HEAD.length));
    return Object.entries(marks).every(([source, mark]) => mark === markOf(source));
  } catch {
    return false;
  }
}

function readFirstLine(path) {
  const file = openSync(path);
  try {
    const bytes = Buffer.alloc(256 * 1024);
    const text = bytes.toString('utf8', 0, readSync(file, bytes));
    return text.slice(0, text.indexOf('\n'));
  } finally {
    closeSync(file);
  }
}

/** Tools that restore the mtime of a file, such as `tar` and `cp -p`, still change its ctime. */
function markOf(path) {
  const { ino, size, mtimeMs, ctimeMs } = statSync(path);
  return [ino, size, mtimeMs, ctimeMs].join(' ');
}

async function build(entry, file) {
  const esbuild = await import('esbuild');
  const started = Date.now();
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: [join(ROOT, entry)],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    // The first two look for files next to themselves, and the last is for machines behind a proxy only.
    external: ['esbuild', 'mediainfo.js', 'undici'],
    banner: { js: BANNER },
    plugins: [{ name: 'places', setup: keepPlaces }],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const sources = Object.keys(metafile.inputs).map((path) => resolve(ROOT, path));
  const marks = [fileURLToPath(import.meta.url), ...sources].map((source) => [
    source,
    // A source that changed during the build may have been read before the change, so it has no mark.
    statSync(source).ctimeMs < started ? markOf(source) : '',
  ]);
  mkdirSync(dirname(file), { recursive: true });
  const part = `${file}.${process.pid}`;
  const head = `${HEAD}${JSON.stringify(Object.fromEntries(marks))}\n`;
  writeFileSync(part, Buffer.concat([Buffer.from(head), outputFiles[0].contents]));
  renameSync(part, file);
}

/** Gives each source its own `import.meta.url`, so that it finds files next to it although it is part of one bundle. */
function keepPlaces({ onLoad }) {
  onLoad({ filter: /\.ts$/ }, ({ path }) => ({
    contents: readFileSync(path, 'utf8').replaceAll(
      'import.meta.url',
      JSON.stringify(pathToFileURL(path).href),
    ),
    loader: 'ts',
  }));
}
