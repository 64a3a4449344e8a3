import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import { absent } from '../../absent.ts';

/**
 * Returns the content of `file`, or undefined if there is no such file.
 *
 * @throws Error that names the file if its content does not match `schema`.
 */
export async function readJsonFile<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> {
  const text = await readFile(file, 'utf8').catch(absent);
  if (text === undefined) return undefined;
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file} is damaged: expected a record of the object store`, { cause });
  }
}

/** Replaces `file` atomically: a reader sees the old content or the new one. */
export async function writeJsonFile(file: string, value: unknown): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  await writeFile(draft, JSON.stringify(value));
  await rename(draft, file);
}
