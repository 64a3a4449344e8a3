import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** File of the key in the folder of a stack's state. */
export const CONTEXT_KEY_FILE = 'source-context-key';

/** Returns the key that proves the contexts of the stack's uploads: made at random once, and kept in its folder `dir`. */
export async function readContextKey(dir: string): Promise<string> {
  const file = join(dir, CONTEXT_KEY_FILE);
  const made = randomBytes(32).toString('base64');
  await mkdir(dir, { recursive: true });
  try {
    await writeFile(file, made, { flag: 'wx', mode: 0o600 });
    return made;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      return await readFile(file, 'utf8');
    }
    throw error;
  }
}
