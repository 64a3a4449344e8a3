import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { DeployError } from './deploy-error.ts';
import { LICENSE_TEXTS } from './license-texts.ts';

/** Name of the file, in the same folder as the bundles. */
export const LICENSES_FILE = 'THIRD-PARTY-LICENSES.txt';

/** Files of packages whose texts must accompany every copy. */
const LICENSE_FILE = /^(?:licen[cs]e|unlicense|copying|notice)(?:[.-].*)?$/i;

const RULE = '='.repeat(80);

/** The part of package.json that is read: https://docs.npmjs.com/cli/v11/configuring-npm/package-json. */
const manifest = v.object({
  name: v.string(),
  version: v.string(),
  license: v.string(),
  author: v.optional(
    v.union([
      v.string(),
      v.pipe(
        v.object({ name: v.string() }),
        v.transform(({ name }) => name),
      ),
    ]),
  ),
});

/**
 * Returns the licences of packages as one text: the name, version and licence of each, followed by the texts that it
 * ships. The same packages give the same text.
 *
 * @param folders of the packages; they may repeat.
 * @throws {DeployError} that names every package whose licence is not known.
 */
export async function writeLicenses(folders: readonly string[]): Promise<string> {
  const read = await Promise.all([...new Set(folders)].map(readLicense));
  const unknown = read.flatMap((each) => ('problem' in each ? [each.problem] : []));
  if (unknown.length > 0) throw new DeployError(unknown.sort().join('\n'));
  const known = new Map(read.flatMap((each) => ('title' in each ? [[each.title, each.text]] : [])));
  const sections = [...known]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([title, text]) => `${RULE}\n${title}\n${RULE}\n\n${text}\n`);
  return `The functions have code of the following packages in them.\n\n${sections.join('\n')}`;
}

type License = { readonly title: string; readonly text: string } | { readonly problem: string };

async function readLicense(folder: string): Promise<License> {
  const file = join(folder, 'package.json');
  const described = v.safeParse(manifest, JSON.parse(await readFile(file, 'utf8')));
  if (!described.success) return { problem: `${file} names no package, version and licence.` };
  const { name, version, license, author = `the authors of ${name}` } = described.output;
  const shipped = await readShipped(folder);
  const standard = LICENSE_TEXTS[license];
  if (shipped === '' && standard === undefined) {
    return {
      problem: `${name} ${version} ships no text of its licence "${license}", and tools/deploy/license-texts.ts has none.`,
    };
  }
  const text = shipped || `Copyright (c) ${author}\n\n${standard}`;
  return { title: `${name} ${version} (${license})`, text };
}

/** Returns the texts that a package ships, one after the other; an empty text where it ships none. */
async function readShipped(folder: string): Promise<string> {
  const files = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && LICENSE_FILE.test(entry.name))
    .map(({ name }) => name)
    .sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts
    .map((text) =>
      text
        .replaceAll('\r\n', '\n')
        .replace(/^\s*\n/, '')
        .trimEnd(),
    )
    .join('\n\n');
}
