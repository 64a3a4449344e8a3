import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listDocuments, ROOT, readFile } from './documents.ts';

/** Words for which there is a plainer one, or that only old books use, and what to write instead. */
const PLAINER: readonly (readonly [RegExp, string])[] = [
  [/\banew\b/, 'again'],
  [/\bmend(s|ed|ing)?\b/, 'fix, repair'],
  [/\b(told|tells?|hears?) of\b/, 'report, be notified of'],
  [/\b(whoever|whomever)\b/, 'anyone who'],
  [/\bcome again\b/, 'retry'],
  [/\bin vain\b/, 'without success'],
  [/\bfor want of\b/, 'without'],
  [/\bcannot be had\b/, 'cannot be fetched, is not available'],
  [/\b(takes?|took|taken) away\b/, 'remove'],
  [/\bleads? to\b/, 'point to, return, result in'],
  [/\bbr(eaks?|oke) off\b/, 'abort, be interrupted'],
  [/\b(go|goes|going) on with\b/, 'continue'],
  [/\bso many\b/, 'that many'],
];

/** Returns the files that are checked: the documents, and all code except tests. */
function listTexts(): readonly string[] {
  const code = ['functions', 'lib', 'test', 'tools'].flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|tsx|mjs|cjs)$/.test(file))
      .map((file) => `${folder}/${file}`)
      .filter((file) => file !== 'test/documents/words.test.ts'),
  );
  return [...listDocuments(), ...code];
}

describe('documents, messages and comments', () => {
  it('use the plain word', () => {
    const found = listTexts().flatMap((file) =>
      readFile(file)
        .split('\n')
        .flatMap((line, index) =>
          PLAINER.filter(([word]) => word.test(line)).map(
            ([word, better]) => `${file}:${index + 1} ${line.match(word)?.[0]} -> ${better}`,
          ),
        ),
    );

    expect(found).toEqual([]);
  });

  it('are all checked', () => {
    expect(listTexts().length).toBeGreaterThan(400);
  });
});
