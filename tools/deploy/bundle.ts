import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import { leanPackages } from './lean-packages-plugin.ts';
import { pureSchemas } from './pure-schemas-plugin.ts';
import { sharedParts } from './shared-parts-plugin.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FUNCTIONS = join(ROOT, 'functions');

/** What functions load only when they need it. */
const PARTS = [
  'lib/ledger/ledger.ts',
  'lib/ledger/connection/database-url.ts',
  'lib/auth/verify-token.ts',
  'lib/policy/bound-signature.ts',
  'lib/policy/narrow-by-claim.ts',
  'lib/policy/settings.ts',
].map((file) => join(ROOT, file));

/** A deployable file: the name of the function, or of the part, that it holds, and its bytes. */
export interface Bundle {
  readonly name: string;
  readonly code: Uint8Array;
  /** Folders of the packages that some of its bytes come from: absolute paths, sorted. */
  readonly packages: readonly string[];
}

/**
 * Returns every function of `functions/`, minified, by name, and the parts that functions expect beside them. The same
 * sources give the same bytes.
 */
export async function bundleFunctions(): Promise<readonly Bundle[]> {
  const files = (await readdir(FUNCTIONS)).filter((file) => file.endsWith('.ts')).sort();
  return bundleFiles([...files.map((file) => join(FUNCTIONS, file)), ...PARTS]);
}

/**
 * Returns the given sources, each with everything that it imports.
 *
 * CommonJS, since SCF documents no other form of entry: https://cloud.tencent.com/document/product/583/67790.
 *
 * @param files absolute paths.
 * @param plugins what is changed on the way; by default, what the functions do not use is left out.
 */
export async function bundleFiles(
  files: readonly string[],
  plugins: readonly Plugin[] = [leanPackages(), pureSchemas(), sharedParts(PARTS)],
): Promise<readonly Bundle[]> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...files],
    outdir: join(ROOT, 'dist'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // What is loaded later is loaded as CommonJS too, and Node need not set up its loader of ES modules.
    supported: { 'dynamic-import': false },
    // Where the functions are, and so what was shipped beside them.
    define: { 'import.meta.dirname': '__dirname' },
    legalComments: 'none',
    plugins: [...plugins],
    metafile: true,
    write: false,
  });
  return outputFiles.map(({ path, contents }) => ({
    name: basename(path, '.js'),
    code: contents,
    packages: listPackages(metafile, path),
  }));
}

/** A file of a package, and before it the package's folder. */
const PACKAGE_FILE = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** Returns the folders of the packages in the file at `path`: https://esbuild.github.io/api/#metafile. */
function listPackages({ outputs }: Metafile, path: string): readonly string[] {
  const output = Object.entries(outputs).find(([key]) => resolve(ROOT, key) === path)?.[1];
  const folders = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) => {
    const folder = PACKAGE_FILE.exec(file)?.[1];
    return folder === undefined || bytesInOutput === 0 ? [] : [resolve(ROOT, folder)];
  });
  return [...new Set(folders)].sort();
}

/** Writes all that {@link bundleFunctions} answers into `folder`, as it is on the platform's disk, and answers it. */
export async function writeFunctions(folder: string): Promise<readonly Bundle[]> {
  await mkdir(folder, { recursive: true });
  // The files are CommonJS, unlike the package that may be around them.
  await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  const bundles = await bundleFunctions();
  for (const { name, code } of bundles) await writeFile(join(folder, `${name}.js`), code);
  return bundles;
}
