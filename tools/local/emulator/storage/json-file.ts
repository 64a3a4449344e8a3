import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import type * as v from 'valibot';
import { readStoredFile } from '../../stored-file.ts';

/**
 * Returns the content of `file`, or undefined if there is no such file.
 *
 * @throws {LocalError} that names the file if its content does not match `schema`.
 */
export function readJsonFile<Schema extends v.GenericSchema>(
  file: string,
  schema: Schema,
): Promise<v.InferOutput<Schema> | undefined> {
  return readStoredFile(file, schema, `${file}, a record of the object store, is damaged`);
}

/** Replaces `file` atomically: a reader sees the old content or the new one. */
export async function writeJsonFile(file: string, value: unknown): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  await writeFile(draft, JSON.stringify(value));
  await rename(draft, file);
}
