import { hash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../../lib/policy/settings.ts';
import { readServiceCustom } from '../../tools/deploy/service-custom.ts';
import { readSettings } from '../../tools/deploy/settings.ts';
import { removeScratch } from '../support/remove-scratch.ts';
import { settingsOf } from '../support/settings.ts';

const HEAD = 'service: example\nconfigValidationMode: off\nprovider: { name: tencent }\n';

/**
 * Returns the settings of an example of serverless.yml, read as a deployment reads them, with a digest in place of each
 * one that is shortened.
 *
 * @throws if a deployment would refuse them.
 */
export async function readCustom(example: string): Promise<Settings> {
  const folder = await mkdtemp(join(tmpdir(), 'documents-'));
  try {
    const text = example.replaceAll(/(?<=sha256: )\w+…/g, (shown) => hash('sha256', shown));
    await writeFile(join(folder, 'serverless.yml'), `${HEAD}${text}`);
    return settingsOf(JSON.parse(readSettings(await readServiceCustom(folder))));
  } finally {
    await removeScratch(folder);
  }
}
