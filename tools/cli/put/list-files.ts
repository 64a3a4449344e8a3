import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
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
  /** Links in folders, which are not followed. */
  readonly links: number;
}

/** Which files of a folder are uploaded. */
export interface FolderChoice {
  readonly recursive: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Whole path of the folder that has the states of uploads. */
  readonly state: string;
  /** Whether uploads are removed: of a file that is named nothing but the name is needed, and it may be gone. */
  readonly abort: boolean;
}

/**
 * Returns the files at `paths`, each once: those that are named, and the media in the folders that are. Files of a playlist
 * belong to it, and are no media of their own.
 */
export async function listFiles(
  paths: readonly string[],
  choice: FolderChoice,
  type: string | undefined,
): Promise<FileList> {
  const files: FoundFile[] = [];
  const problems: FileList['problems'][number][] = [];
  const seen = new Set<string>();
  const counts = { ignored: 0, links: 0 };
  const add = async (path: string) => {
    if (seen.has(resolve(path))) return;
    seen.add(resolve(path));
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
    problems.push(...found.problems);
    const media = found.paths.filter((file) => isMediaType(typeOf(file)));
    counts.ignored += found.paths.length - media.length;
    counts.links += found.links;
    for (const file of media) await add(file);
  }
  return { files: dropAttachments(files), problems, ...counts };
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
    throw unreadable(path, cause);
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

/** What Node.js has instead of bytes of a name that are no UTF-8. */
const NO_TEXT = '\ufffd';

function unreadable(path: string, cause: unknown): PutError {
  const { code = 'unknown' } = Object(cause);
  const isNamedSo = code === 'ENOENT' && path.includes(NO_TEXT);
  const why = isNamedSo ? ': its name is not UTF-8. Rename it.' : ` (${code}).`;
  return new PutError('unreadable', `${path} cannot be read${why}`, { cause });
}

/** Returns the paths in a folder that are chosen, in their order; what is wrong with one of its folders is about that alone. */
async function listFolder(folder: string, choice: FolderChoice) {
  const { include, exclude } = choice;
  const isIncluded = include.length === 0 ? () => true : createMatcher(include);
  const isExcluded = createMatcher(exclude);
  const problems: FileList['problems'][number][] = [];
  const found = (await readEntries(folder, choice, problems)).filter(({ path }) => {
    const name = relative(folder, path).replaceAll(sep, '/');
    return isIncluded(name) && !isExcluded(name);
  });
  const paths = found.filter(({ entry }) => entry.isFile()).map(({ path }) => path);
  const links = found.filter(({ entry }) => entry.isSymbolicLink()).length;
  return { paths: paths.toSorted(), problems, links };
}

/** Returns what is in a folder, and if that is asked for in its folders, with its path. */
async function readEntries(
  folder: string,
  { recursive, state }: FolderChoice,
  problems: FileList['problems'][number][],
): Promise<readonly { readonly path: string; readonly entry: Dirent }[]> {
  const waiting = [folder];
  const found: { readonly path: string; readonly entry: Dirent }[] = [];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const path = place;
    const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
      problems.push({ path, error: unreadable(path, cause) });
      return [];
    });
    // Names with a dot in front are of programs, such as those of states.
    const shown = entries.filter(
      ({ name }) => !name.startsWith('.') && resolve(path, name) !== state,
    );
    for (const entry of shown) {
      found.push({ path: join(path, entry.name), entry });
      if (recursive && entry.isDirectory()) waiting.push(join(path, entry.name));
    }
  }
  return found;
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
