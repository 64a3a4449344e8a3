import { type Block, listBlocks, listDocuments } from './documents.ts';

/**
 * The words that may follow the language of a block, and why such a block is not run like others of its language. Three
 * digits after `sh` are the status with which its request is refused.
 */
const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  sh: {
    clone:
      'begins with a checkout in which nothing is installed: .ci/fresh-machine and .ci/run do it',
    cloud: 'needs an account of Tencent Cloud, and deploys',
    emulator:
      'is for an emulator that runs alone: test/tools/vod-emulator/documents.test.ts runs it',
    listen: 'goes on until somebody ends it: test/examples/consumer.test.ts runs it',
    stack: 'starts a local stack of its own, and goes on until somebody ends it',
  },
  text: {
    deploy: 'output of a deployment, which needs a cloud: the tests of deployments compare it',
    listen: 'output of listen, with an upload of its own: its tests compare the form of each line',
    doctor: 'output of doctor, which needs a cloud: its tests compare it',
    preview:
      'output of pull before a library that is not there: test/tools/cli/pull/pull-command.test.ts compares its lines',
    setup: 'output of setup, which needs a cloud: its tests compare it',
    shape: 'has a name in the place of each part',
  },
};

/** Languages whose blocks are tested. */
const LANGUAGES = ['dotenv', 'html', 'js', 'json', 'mermaid', 'sh', 'text', 'yaml'];

/** All blocks of all documents. */
export const BLOCKS: readonly Block[] = listDocuments().flatMap(listBlocks);

/** Returns the place of a block, in the form that editors accept. */
export function placeOf({ document, line }: Block): string {
  return `${document}:${line}`;
}

/** Returns the blocks of a language with one of `words`, `''` for no word; without `words`, all of them. */
export function blocksOf(language: string, ...words: readonly string[]): readonly Block[] {
  return BLOCKS.filter(
    (block) => block.language === language && (words.length === 0 || words.includes(block.word)),
  );
}

/** Returns the status with which the request of a shell block is refused; undefined if it is accepted. */
export function refusalOf({ language, word }: Block): string | undefined {
  return language === 'sh' && /^[45]\d\d$/.test(word) ? word : undefined;
}

/** Returns why a block is not of a kind that is tested here. */
export function explainKind(block: Block): string | undefined {
  const { language, word } = block;
  if (!LANGUAGES.includes(language)) return `is in a language that nothing tests: "${language}"`;
  if (language === 'text' && word === '') return 'is text of which nothing says whose it is';
  if (word === '' || refusalOf(block) !== undefined) return undefined;
  const known = WORDS[language] ?? {};
  return Object.hasOwn(known, word) ? undefined : `has an unknown word: "${word}"`;
}
