import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder of the project. */
export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

/** Folders whose documents are tested, including their subfolders; of the project's own folder, only its files are. */
const FOLDERS = ['docs', 'deploy', 'examples'];

/** A heading of a document. */
export interface Heading {
  /** 1 for the title of the document. */
  readonly level: number;
  readonly text: string;
  /** Number of its line, from 0. */
  readonly line: number;
}

/** A block of code of a document. */
export interface Block {
  readonly document: string;
  /** Number of its first line in the document, from 1, as editors count. */
  readonly line: number;
  /** For example `sh`; empty if the block names none. */
  readonly language: string;
  /** What follows the language and is not shown to readers; empty if nothing does. */
  readonly word: string;
  /** Without the indentation of the list that it is in. */
  readonly text: string;
}

/** Returns the paths of all documents, from the folder of the project. */
export function listDocuments(): readonly string[] {
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const below = FOLDERS.flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') || name === 'llms.txt')
      .filter((name) => !name.includes('node_modules'))
      .map((name) => `${folder}/${name}`),
  );
  return [...top, ...below].sort();
}

/** Returns the text of a file of the project. */
export function readFile(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8');
}

/** Returns the headings of a document; a line with `#` in a block of code is not one. */
export function listHeadings(document: string): readonly Heading[] {
  return blankCode(readFile(document))
    .split('\n')
    .flatMap((row, line) => {
      const [, marks = '', text = ''] = /^(#{1,6}) (.+)$/.exec(row) ?? [];
      return text === '' ? [] : [{ level: marks.length, text, line }];
    });
}

/** Returns a text with its blocks of code emptied, so that all lines keep their numbers. */
export function blankCode(text: string): string {
  return text.replaceAll(BLOCK, (block) => block.replaceAll(/.+/g, ''));
}

/**
 * Returns the blocks of code of a document, in order.
 *
 * @throws if the start or the end of a block is missing.
 */
export function listBlocks(document: string): readonly Block[] {
  const text = readFile(document);
  if (/^ *```/m.test(blankCode(text))) throw new Error(`${document} has half a block of code`);
  return [...text.matchAll(BLOCK)].map((match) => {
    const [, indent = '', language = '', word = '', lines = ''] = match;
    return {
      ...{ document, language, word },
      line: text.slice(0, match.index).split('\n').length + 1,
      text: lines.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    };
  });
}

/**
 * Returns the part of a document from a heading to the next one of the same or a higher level.
 *
 * @throws if the document has no such heading, so that no test ignores a part that was removed.
 */
export function sectionOf(document: string, title: string): string {
  const headings = listHeadings(document);
  const start = headings.findIndex(({ text }) => text === title);
  const heading = headings[start];
  if (heading === undefined) throw new Error(`${document} has no heading "${title}"`);
  const end = headings.slice(start + 1).find(({ level }) => level <= heading.level);
  return readFile(document).split('\n').slice(heading.line, end?.line).join('\n');
}

/**
 * Returns the output that a block of the documents shows under a word, such as `text deploy`.
 *
 * @throws if there is no such block, or more than one.
 */
export function readShown(word: string): string {
  const [block, ...others] = listDocuments()
    .flatMap(listBlocks)
    .filter((candidate) => candidate.language === 'text' && candidate.word === word);
  if (block === undefined || others.length > 0) {
    throw new Error(`The documents should show the output "${word}" once`);
  }
  return block.text;
}

/** A block with the indentation of the list that it is in; its end has the same. */
const BLOCK = /^( *)```(\S*) *(.*)\n((?:.*\n)*?)\1```$/gm;
