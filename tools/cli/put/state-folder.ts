import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CommandError, type Surroundings } from '../command.ts';
import type { PutOptions } from './put-options.ts';

/** Where states are kept, unless `--state` says otherwise. */
const DEFAULT_STATE = '.vod-upload';

/** The folder of the states of uploads. */
export interface StateFolder {
  readonly path: string;
  readonly isThere: boolean;
}

/**
 * Returns the folder of the state. Without what is in it, files would be uploaded again, so a name that can only be a mistake is
 * none.
 *
 * @throws {CommandError}
 */
export async function findStateFolder(
  { state, abort }: Pick<PutOptions, 'state' | 'abort'>,
  { folder }: Pick<Surroundings, 'folder'>,
): Promise<StateFolder> {
  const path = resolve(folder, state ?? DEFAULT_STATE);
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return { path, isThere: true };
  if (found !== undefined) {
    throw new CommandError(`--state must name a folder, and ${path} is none.`);
  }
  if (abort && state !== undefined) {
    throw new CommandError(
      `There is no folder ${path}: --state must name the one of the interrupted upload.`,
    );
  }
  const around = dirname(path);
  const isPlace = await stat(around).then(
    (place) => place.isDirectory(),
    () => false,
  );
  if (isPlace) return { path, isThere: false };
  throw new CommandError(
    `There is no folder ${around}, in which the state could be kept: make it, or correct --state.`,
  );
}

/** Returns what is said about a folder that was named, and is made now; undefined about any other. */
export function describeStateFolder(
  { state, abort }: Pick<PutOptions, 'state' | 'abort'>,
  { path, isThere }: StateFolder,
): string | undefined {
  if (state === undefined || isThere || abort) return undefined;
  return `The state of uploads is kept in ${path}, a new folder.`;
}
