import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { installExample } from '../support/example-app.ts';
import { useBrowserStage } from './browser-stage.ts';
import { DOCUMENTED_ORIGIN, readBlocks, serveWithVite } from './documented-app.ts';

const stage = useBrowserStage();

it('uploads with the two files of docs/client.md', async () => {
  const blocks = readBlocks('docs/client.md');
  // Has the packages that the document installs.
  const folder = await installExample('react', stage.dir);
  for (const name of ['index.html', 'main.js']) {
    const text = blocks.get(name) ?? '';
    await writeFile(join(folder, name), text.replaceAll(DOCUMENTED_ORIGIN, stage.stack.origin));
  }
  const app = await serveWithVite(folder, false);
  const page = await (await stage.browser.newContext()).newPage();
  await page.goto(`http://localhost:${app.port}/`);
  await page.setInputFiles('input', await stage.makeFile('film.mp4', 100_000));

  const shown = () => page.evaluate<string>("document.querySelector('output').value");
  await expect.poll(shown).toMatch(/^ready http/);
  await page.close();
  await app.close();
});
