import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import {
  type LocalStack,
  type LocalStackOptions,
  startLocalStack,
} from '../../tools/local/local-stack.ts';
import { makeFolder } from './make-folder.ts';
import { useDatabases } from './use-ledger.ts';

/** How a stack differs from the one that everyone uses. */
type StackChange = Partial<
  Pick<LocalStackOptions, 'port' | 'trigger' | 'eventMode' | 'custom' | 'chosen' | 'emulator'>
>;

/** The local stack of the test that runs. */
export interface StackStage {
  readonly stack: LocalStack;
  /** Where the test may keep files of its own; the stack keeps its in `stack` below it. */
  readonly dir: string;
  /** Stops the stack, and starts it again over the same files and database. */
  restart(change?: StackChange): Promise<void>;
}

/**
 * Gives each test of the file a local stack of its own, with a new database on one server for all of them. What
 * `change` asks for is asked for before each test.
 */
export function useStack(change: () => StackChange = () => ({})): StackStage {
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
  beforeEach(async () => {
    databaseUrl = await databases.create();
    dir = await makeFolder();
    await start({});
  });
  afterEach(async () => {
    // A test that was skipped has none.
    await stack?.close();
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
