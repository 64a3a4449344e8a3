import { mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeScratch } from '../support/remove-scratch.ts';
import { requirePresent } from '../support/requirement.ts';
import { useStack } from '../support/stack-stage.ts';
import { useDatabases } from '../support/use-ledger.ts';
import { BLOCKS, blocksOf, placeOf, refusalOf } from './blocks.ts';
import { type Block, ROOT } from './documents.ts';
import { type Shell, startShell } from './shell.ts';

/** The address of the local stack in the documents. */
const DOCUMENTED_HOST = 'localhost:3000';

const runnable = BLOCKS.filter(
  (block) => block.language === 'sh' && (block.word === '' || refusalOf(block) !== undefined),
);
const documents = [...new Set(runnable.map(({ document }) => document))];

/**
 * Returns a script that fails if a request has a status other than the block says: the documents' own options accept
 * some of them.
 */
function demandStatus(block: Block): string {
  const refusal = refusalOf(block);
  if (refusal === undefined) return 'curl() { command curl --fail --show-error "$@"; }';
  return `curl() {
    local answer
    answer=$(command curl "$@" --write-out '\\n%{http_code}')
    printf '%s' "\${answer%$'\\n'*}"
    test "\${answer##*$'\\n'}" = ${refusal}
  }`;
}

/** Returns the line that is written after a block, to separate the outputs. */
const endOf = (block: Block) => `--- end of ${placeOf(block)}`;

/** Returns the blocks as one script, so that a later block can use the variables of an earlier one. */
function joinBlocks(blocks: readonly Block[]): string {
  return blocks
    .map((block) => `${demandStatus(block)}\n${block.text}\nprintf '\\n%s\\n' '${endOf(block)}'\n`)
    .join('');
}

/** Returns the JSON that a document shows directly after a block, as the output of that block. */
function shownAfter(block: Block): Block | undefined {
  const next = BLOCKS[BLOCKS.indexOf(block) + 1];
  if (next?.document !== block.document || next.language !== 'json') return undefined;
  // The end of the first block, an empty line, and the beginning of the second.
  return next.line === block.line + block.text.split('\n').length + 2 ? next : undefined;
}

/** Fields whose values differ in every answer. */
const VARYING = [
  ...['signature', 'uploadId', 'expiresAt', 'requestId'],
  ...['cursor', 'eventId', 'id', 'timestamp', 'createdAt', 'updatedAt'],
];

/** Returns what all answers to the same request have in common: without the varying values, but with their names. */
function readLasting(json: string): unknown {
  return JSON.parse(json, (name, value) => (VARYING.includes(name) ? 'varies' : value));
}

it('has shell blocks that run, shell blocks that are refused, and shell blocks with their output', () => {
  expect(runnable.length).toBeGreaterThan(10);
  expect(runnable.filter((block) => shownAfter(block) !== undefined).length).toBeGreaterThan(1);
  expect(runnable.filter((block) => refusalOf(block) !== undefined).length).toBeGreaterThan(0);
});

describe('the shell blocks', () => {
  const stage = useStack();
  beforeEach((context) => {
    for (const program of ['curl', 'openssl'] as const) requirePresent(context, program);
  });

  it.each(documents)('of %s run against a local stack, one after another', async (document) => {
    const blocks = runnable.filter((block) => block.document === document);
    const { host } = new URL(stage.stack.origin);
    const shell = startShell(joinBlocks(blocks).replaceAll(DOCUMENTED_HOST, host));

    const code = await shell.ended;

    const { out, err } = shell.output();
    expect({ code, out, err }).toMatchObject({ code: 0 });
    let rest = out;
    for (const block of blocks) {
      const [printed = '', ...others] = rest.split(`${endOf(block)}\n`);
      rest = others.join('');
      const shown = shownAfter(block);
      if (shown !== undefined) {
        expect(readLasting(printed), placeOf(shown)).toEqual(readLasting(shown.text));
      }
    }
  });
});

describe('the blocks that start a local stack', () => {
  const databases = useDatabases();
  let folder: string;
  let shell: Shell | undefined;
  beforeEach(async (context) => {
    requirePresent(context, 'openssl');
    folder = await mkdtemp(join(tmpdir(), 'documents-'));
  });
  afterEach(async () => {
    await shell?.stop();
    shell = undefined;
    await removeScratch(folder);
  });

  /** Starts a stack with its own port, folder and database, and returns its address. */
  async function start({ text }: Block): Promise<string> {
    const script = text
      .replaceAll(/\bPORT=\d+/g, 'PORT=0')
      .replaceAll(/\bLOCAL_DIR=\S+/g, `LOCAL_DIR=${join(folder, 'state')}`);
    const started = startShell(script, {
      ...{ PORT: '0', LOCAL_DIR: join(folder, 'state') },
      DATABASE_URL: await databases.create(),
    });
    shell = started;
    const stopped = started.ended.then((code) => {
      throw new Error(`It ended with ${code}: ${started.output().err}`);
    });
    const opened = expect
      .poll(() => started.output().out, { timeout: 200_000 })
      .toMatch(/Open http:\S+\n/);
    await Promise.race([opened, stopped]);
    return /Open (http:\S+)\n/.exec(started.output().out)?.[1] ?? '';
  }

  const WEBHOOKS = 'docs/webhooks.md';
  const starting = blocksOf('sh', 'stack');
  const consumer = starting.find(({ document }) => document === WEBHOOKS);
  const others = starting.filter(({ document }) => document !== WEBHOOKS);

  it.each(others.map((block) => [placeOf(block), block] as const))(
    '%s starts one',
    async (_, block) => {
      const origin = await start(block);

      expect((await fetch(`${origin}/__local/info`)).status).toBe(200);
    },
  );

  it(`of ${WEBHOOKS} sends messages to the consumer in the same document`, async () => {
    const [program] = blocksOf('js').filter(({ text }) => text.startsWith('// consumer.mjs\n'));
    if (program === undefined || consumer === undefined) throw new Error('There is no consumer');
    const port = String(await findPort());
    const file = join(folder, 'consumer.mjs');
    await writeFile(file, program.text.replaceAll('4000', port));
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const text = consumer.text.replaceAll('4000', port).replaceAll('consumer.mjs', file);

    const origin = await start({ ...consumer, text });
    const uploadId = await pull(origin);

    const ready = `upload.ready ${uploadId}\n`;
    await expect.poll(() => shell?.output().out, { timeout: 100_000 }).toContain(ready);
  });
});

async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

async function post(url: string, body: object, headers = {}): Promise<Record<string, string>> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers });
  expect(response.ok).toBe(true);
  return (await response.json()) as Record<string, string>;
}

async function pull(origin: string): Promise<string | undefined> {
  const { token } = await post(`${origin}/__local/token`, { scope: 'upload:pull' });
  const body = { mediaUrl: 'http://samples.example.com/video.mp4' };
  return (await post(`${origin}/pull`, body, { Authorization: `Bearer ${token}` }))['uploadId'];
}
