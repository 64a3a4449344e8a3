import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { writeFunctions } from './bundle.ts';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

await rm(DIST, { recursive: true, force: true });
for (const { name, code } of await writeFunctions(DIST)) {
  process.stdout.write(
    `dist/${name}.js ${code.length} bytes, ${gzipSync(code).length} compressed\n`,
  );
}
