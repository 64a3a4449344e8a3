import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import * as v from 'valibot';

/**
 * Returns what `file` holds, or undefined where there is no such file.
 *
 * @throws Error that names the file if it holds something else than `schema` describes.
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

/** Replaces `file` in one step: a reader sees the old record or the new one, never half of one. */
export async function writeJsonFile(file: string, value: unknown): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  await writeFile(draft, JSON.stringify(value));
  await rename(draft, file);
}

/** Returns undefined for the error of a missing file. @throws the error, if it is another one. */
export function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
