import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Cloud, startCloud } from '../../support/cloud/cloud.ts';
import { copyProject, type Project } from '../../support/cloud/project.ts';
import { readZip } from '../../support/cloud/zip.ts';
import { useRequirement } from '../../support/requirement.ts';

let cloud: Cloud;
let project: Project;
let other: Project;

const hasOpenssl = useRequirement('openssl');
beforeAll(async () => {
  if (!hasOpenssl) return;
  cloud = await startCloud();
  [project, other] = await Promise.all([copyProject(cloud, {}), copyProject(cloud, {})]);
});
afterAll(async () => {
  if (!hasOpenssl) return;
  await Promise.all([project.remove(), other.remove()]);
  await cloud.close();
});

it('npm run package creates the same archive everywhere, without a network, credentials or variables', async () => {
  const archives: Buffer[] = [];
  for (const { npm, folder } of [project, other]) {
    const { code, output } = await npm('package');
    expect(code, output).toBe(0);
    archives.push(await readFile(join(folder, '.serverless', 'vod-upload.zip')));
  }
  const [archive, again] = archives;
  if (archive === undefined || again === undefined) throw new RangeError('There is no archive');

  expect(archive.equals(again)).toBe(true);
  expect(readZip(archive).length).toBeGreaterThan(1);
  expect(cloud.connections()).toBe(0);
});
