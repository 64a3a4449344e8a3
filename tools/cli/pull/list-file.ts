import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CommandError } from '../command.ts';

/** A list that is read more than once. */
export interface ListFile {
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Removes what was written for it. */
  readonly close: () => Promise<void>;
}

/**
 * Opens a list: first it is looked through, then it is sent. Standard input is kept in a file until both are done.
 *
 * @param from path, or - for standard input.
 * @throws {CommandError} if it cannot be read.
 */
export async function openList(from: string, input: NodeJS.ReadableStream): Promise<ListFile> {
  if (from !== '-') {
    await access(from).catch((cause: unknown) => {
      throw new CommandError(`The list ${from} cannot be read.`, { cause });
    });
    return { open: () => createReadStream(from), close: async () => undefined };
  }
  const folder = await mkdtemp(join(tmpdir(), 'vod-upload-list-'));
  const file = join(folder, 'list');
  await pipeline(input, createWriteStream(file, { mode: 0o600 }));
  return {
    open: () => createReadStream(file),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
