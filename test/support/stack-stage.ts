import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import {
  type LocalStack,
  type LocalStackOptions,
  startLocalStack,
} from '../../tools/local/local-stack.ts';
import { removeScratch } from './remove-scratch.ts';
import { useDatabases } from './use-ledger.ts';

/** Differences from the stack that users start. */
type StackChange = Partial<
  Pick<
    LocalStackOptions,
    'port' | 'trigger' | 'eventMode' | 'names' | 'custom' | 'chosen' | 'emulator'
  >
>;

/** The local stack of the running test. */
export interface StackStage {
  readonly stack: LocalStack;
  /** A folder for files of the test; the stack's own files are in `stack` below it. */
  readonly dir: string;
  /** Stops the stack, and starts it again with the same files and database. */
  restart(change?: StackChange): Promise<void>;
}

/**
 * Gives each test of the file a separate local stack, or with `per: 'file'` one to all of them, with a new database on
 * one server for all. `change` is called before each stack starts.
 */
export function useStack(
  change: () => StackChange = () => ({}),
  { per = 'test' }: { readonly per?: 'test' | 'file' } = {},
): StackStage {
  const databases = useDatabases();
  let stack: LocalStack | undefined;
  let dir: string | undefined;
  let databaseUrl: string;

  const demandStack = () => {
    if (stack === undefined) throw new Error('There is no stack');
    return stack;
  };
  const demandDir = () => {
    if (dir === undefined) throw new Error('There is no folder');
    return dir;
  };
  const start = async (changed: StackChange) => {
    const options = { dir: join(demandDir(), 'stack'), port: 0, databaseUrl };
    stack = await startLocalStack({ ...options, ...change(), ...changed });
  };
  const [before, after] = per === 'file' ? [beforeAll, afterAll] : [beforeEach, afterEach];
  before(async () => {
    databaseUrl = await databases.create();
    dir = await mkdtemp(join(tmpdir(), 'vod-upload-'));
    await start({});
  });
  after(async () => {
    // A skipped test has no stack.
    await stack?.close();
    if (dir !== undefined) await removeScratch(dir);
  });
  return {
    get stack() {
      return demandStack();
    },
    get dir() {
      return demandDir();
    },
    async restart(changed = {}) {
      await demandStack().close();
      await start(changed);
    },
  };
}
