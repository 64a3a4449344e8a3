import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { typeOf } from '../../../client/put/media-name.ts';
import { PutError } from '../../../client/put/put-error.ts';
import { isMediaType } from '../../../lib/validation/media-type.ts';
import { isPlaylist, listHlsSet, type SetFile } from '../../put/hls-set.ts';
import { createMatcher } from './match-path.ts';

/** A file to upload. */
export interface FoundFile {
  readonly path: string;
  /** In lower case, without a dot. */
  readonly type: string;
  readonly size: number;
  /** Files that its playlists name. */
  readonly attachments: readonly SetFile[];
}

/** What is uploaded, and what cannot be. */
export interface FileList {
  readonly files: readonly FoundFile[];
  readonly problems: readonly { readonly path: string; readonly error: PutError }[];
  /** Files of folders that are no media. */
  readonly ignored: number;
}

/** Which files of a folder are uploaded. */
export interface FolderChoice {
  readonly recursive: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Folder that has the states of uploads. */
  readonly state: string;
  /** Whether uploads are removed: of a file that is named nothing but the name is needed, and it may be gone. */
  readonly abort: boolean;
}

/**
 * Returns the files at `paths`: those that are named, and the media in the folders that are. Files of a playlist belong to
 * it, and are no media of their own.
 */
export async function listFiles(
  paths: readonly string[],
  choice: FolderChoice,
  type: string | undefined,
): Promise<FileList> {
  const files: FoundFile[] = [];
  const problems: FileList['problems'][number][] = [];
  let ignored = 0;
  const add = async (path: string) => {
    try {
      files.push(choice.abort ? nameFile(path) : await describeFile(path, type));
    } catch (error) {
      if (!(error instanceof PutError)) throw error;
      problems.push({ path, error });
    }
  };
  for (const path of paths) {
    if (!(await isFolder(path))) {
      await add(path);
      continue;
    }
    const found = await listFolder(path, choice);
    const media = found.filter((file) => isMediaType(typeOf(file)));
    ignored += found.length - media.length;
    for (const file of media) await add(file);
  }
  return { files: dropAttachments(files), problems, ignored };
}

/** Returns a path that was typed in `folder`: as it was typed, if the program runs there. */
export function resolvePath(path: string, { folder }: { readonly folder: string }): string {
  return folder === process.cwd() ? path : resolve(folder, path);
}

function nameFile(path: string): FoundFile {
  return { path, type: typeOf(path), size: 0, attachments: [] };
}

async function describeFile(path: string, wanted: string | undefined): Promise<FoundFile> {
  const type = wanted ?? typeOf(path);
  const found = await stat(path).catch((cause: unknown) => {
    const code = Object(cause).code ?? 'unknown';
    throw new PutError('unreadable', `${path} cannot be read (${code}).`, { cause });
  });
  if (type === 'mpd') {
    const message = `${path} is a DASH manifest, which is not uploaded with its files: upload an HLS playlist, or the media that it was made of.`;
    throw new PutError('unreadable', message);
  }
  if (!isMediaType(type)) {
    throw new PutError('unreadable', `${path} is no media by its name; --type says what it is.`);
  }
  const attachments = isPlaylist(type) ? await listHlsSet(path) : [];
  return { path, type, size: found.size, attachments };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function listFolder(folder: string, choice: FolderChoice): Promise<readonly string[]> {
  const { recursive, include, exclude, state } = choice;
  const entries = await readdir(folder, { recursive, withFileTypes: true });
  const isIncluded = include.length === 0 ? () => true : createMatcher(include);
  const isExcluded = createMatcher(exclude);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const name = relative(folder, path).replaceAll(sep, '/');
      // Names with a dot in front are of programs, such as those of states.
      const isHidden = name.split('/').some((part) => part.startsWith('.'));
      const isState = name.split('/').includes(basename(state));
      return !isHidden && !isState && isIncluded(name) && !isExcluded(name);
    })
    .toSorted();
}

/** Playlists may name each other: the one with the most files is the first. */
function dropAttachments(files: readonly FoundFile[]): readonly FoundFile[] {
  const attached = new Set<string>();
  const bySize = files.toSorted((a, b) => b.attachments.length - a.attachments.length);
  for (const { path, attachments } of bySize) {
    if (attached.has(path)) continue;
    for (const each of attachments) if (each.path !== path) attached.add(each.path);
  }
  return files.filter(({ path }) => !attached.has(path));
}
