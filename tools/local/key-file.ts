import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type * as v from 'valibot';
import { readStoredFile } from './stored-file.ts';

/**
 * Returns the keys in `file`. Without a file, the keys `made` are stored there so that only this user can read them.
 *
 * @throws {LocalError} if the file is damaged.
 */
export async function readKeyFile<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
  made: v.InferOutput<Schema>,
): Promise<v.InferOutput<Schema>> {
  await mkdir(dirname(file), { recursive: true });
  try {
    const text = `${JSON.stringify(made, undefined, 2)}\n`;
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
    return made;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return (await findKeyFile(file, schema)) ?? made;
  }
}

/**
 * Returns the keys in `file`, or undefined if it does not exist.
 *
 * @throws {LocalError} if the file is damaged.
 */
export function findKeyFile<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> {
  return readStoredFile(file, schema, `The keys in ${file} are damaged`);
}
