import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundleFunctions } from './bundle.ts';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

await rm(DIST, { recursive: true, force: true });
await mkdir(DIST, { recursive: true });
// The files are CommonJS, unlike the package around them.
await writeFile(join(DIST, 'package.json'), '{ "type": "commonjs" }\n');
for (const { name, code } of await bundleFunctions()) {
  await writeFile(join(DIST, `${name}.js`), code);
  process.stdout.write(
    `dist/${name}.js ${code.length} bytes, ${gzipSync(code).length} compressed\n`,
  );
}
