import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { absent } from './absent.ts';
import { LocalError } from './local-error.ts';

/**
 * Returns the JSON in `file`, or undefined if it does not exist.
 *
 * @param damaged says what is damaged, such as "The keys in FILE are damaged".
 * @throws {LocalError} if the file is damaged.
 */
export async function readStoredFile<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
  damaged: string,
): Promise<v.InferOutput<Schema> | undefined> {
  const text = await readFile(file, 'utf8').catch(absent);
  if (text === undefined) return undefined;
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (cause) {
    throw new LocalError(`${damaged}: delete this file, and start again.`, { cause });
  }
}
