import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { LocalError } from './local-error.ts';

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
    if (!isError(error, 'EEXIST')) throw error;
    return (await findKeyFile(file, schema)) ?? made;
  }
}

/**
 * Returns the keys in `file`, or undefined if it does not exist.
 *
 * @throws {LocalError} if the file is damaged.
 */
export async function findKeyFile<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> {
  try {
    return v.parse(schema, JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if (isError(cause, 'ENOENT')) return undefined;
    if (!(cause instanceof SyntaxError || v.isValiError(cause))) throw cause;
    throw new LocalError(`The keys in ${file} are damaged: delete this file, and start again.`, {
      cause,
    });
  }
}

function isError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
