import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CommandError } from '../command.ts';

/** Reads a list from its beginning, each time. Reading throws a {@link CommandError}. */
export type ReadChunks = () => AsyncIterable<Uint8Array>;

/**
 * Opens a list: first it is looked through, then it is sent. Standard input is kept in a file until `signal` is aborted.
 *
 * @param from path, or - for standard input.
 * @throws {CommandError} if it cannot be read.
 */
export async function openList(
  from: string,
  input: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<ReadChunks> {
  if (from !== '-') {
    const found = await stat(from).catch((cause: unknown) => {
      throw unreadable(from, cause);
    });
    if (found.isDirectory())
      throw new CommandError(`The list ${from} is a folder: name a file in it.`);
    return () => readChunks(from);
  }
  const folder = mkdtempSync(join(tmpdir(), 'vod-upload-list-'));
  signal.addEventListener('abort', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'list');
  await pipeline(Readable.from(input), createWriteStream(file, { mode: 0o600 })).catch(
    (cause: unknown) => {
      const code = String(Object(cause).code);
      throw new CommandError(
        `Standard input cannot be kept in ${tmpdir()} (${code}): make room there, or set TMPDIR to another folder.`,
        { cause },
      );
    },
  );
  return () => readChunks(file);
}

async function* readChunks(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): CommandError {
  return new CommandError(`The list ${file} cannot be read (${String(Object(cause).code)}).`, {
    cause,
  });
}
