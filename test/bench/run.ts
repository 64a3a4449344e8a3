import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunctions } from '../../tools/deploy/bundle.ts';
import { measurePull } from './pull.ts';
import { measureSignatureStart, measureSigning } from './signing.ts';
import { printCounts, printRatios } from './table.ts';

const folder = await mkdtemp(join(tmpdir(), 'vod-upload-bench-'));
await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }');
const bundles = await bundleFunctions();
for (const { name, code } of bundles) await writeFile(join(folder, `${name}.js`), code);
const signatureFile = join(folder, 'signature.js');

printRatios('one signature', await measureSigning(signatureFile));
printRatios('whole process', await measureSignatureStart(folder, signatureFile));
const pull = await measurePull(folder, join(folder, 'pull.js'));
printRatios('load and first call', pull.start);
printRatios('time of 8 pulls', pull.throughput);
printCounts('connections', pull.connections);
printCounts('bytes', [
  ...bundles.map(({ name, code }): [string, number] => [name, code.length]),
  ...pull.bytes,
]);
await rm(folder, { recursive: true });
