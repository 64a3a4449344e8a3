import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import { leanPackages } from './lean-packages-plugin.ts';
import { pureSchemas } from './pure-schemas-plugin.ts';
import { sharedParts } from './shared-parts-plugin.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FUNCTIONS = join(ROOT, 'functions');

/** Sources that functions load only when they need them. */
const PARTS = [
  'lib/ledger/ledger.ts',
  'lib/ledger/connection/database-url.ts',
  'lib/pulls/open-durable.ts',
  'lib/auth/verify-token.ts',
  'lib/policy/bound-signature.ts',
  'lib/policy/narrow-by-claim.ts',
  'lib/ledger/deliveries/dead-deliveries.ts',
  'lib/ledger/deliveries/feed.ts',
  'lib/ledger/retention/pruning.ts',
  'lib/ledger/uploads/progress-claims.ts',
  'lib/ledger/uploads/timeline.ts',
  'lib/ledger/runs/pull-runs.ts',
  'lib/ledger/uploads/upload-contents.ts',
  'lib/pulls/run-routes.ts',
  'lib/uploads/continue-upload.ts',
  'lib/uploads/operator-routes.ts',
  'lib/uploads/quota-memory.ts',
  'lib/uploads/report-progress.ts',
  'lib/config/progress-config.ts',
  'lib/uploads/progress-source.ts',
  'lib/policy/settings.ts',
  'lib/webhooks/message-feed.ts',
].map((file) => join(ROOT, file));

/** A deployable file: the name of the function or part in it, and its bytes. */
export interface Bundle {
  readonly name: string;
  readonly code: Uint8Array;
  /** Folders of the packages that some of its bytes come from: absolute paths, sorted. */
  readonly packages: readonly string[];
}

/**
 * Returns every function of `functions/`, minified, by name, and the parts that functions load from the same folder.
 * The same sources give the same bytes.
 */
export async function bundleFunctions(): Promise<readonly Bundle[]> {
  const files = (await readdir(FUNCTIONS)).filter((file) => file.endsWith('.ts')).sort();
  return bundleFiles([...files.map((file) => join(FUNCTIONS, file)), ...PARTS]);
}

/**
 * Returns a bundle of each source, with everything that it imports.
 *
 * The bundles are CommonJS, since SCF documents no other form of entry: https://cloud.tencent.com/document/product/583/67790.
 *
 * @param files absolute paths.
 * @param plugins esbuild plugins; the default ones leave out what the functions do not use.
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
    supported: {
      // Parts are loaded as CommonJS, too, so that Node need not set up its loader of ES modules.
      'dynamic-import': false,
      // Node.js 20 has them. Without this, they would become calls of RegExp(), which stay in a bundle that needs none.
      'regexp-unicode-property-escapes': true,
    },
    // The folder of the functions, which also has the parts and settings.json.
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

/** Writes the result of {@link bundleFunctions} into `folder`, as it is on the platform's disk, and returns it. */
export async function writeFunctions(folder: string): Promise<readonly Bundle[]> {
  await mkdir(folder, { recursive: true });
  // The files are CommonJS; the package that contains the folder may not be.
  await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  const bundles = await bundleFunctions();
  for (const { name, code } of bundles) await writeFile(join(folder, `${name}.js`), code);
  return bundles;
}
