import { readFile, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { PutError } from '../../client/put/put-error.ts';

/** A file that a playlist names. */
export interface SetFile {
  readonly path: string;
  /** Path relative to the first playlist, with slashes. */
  readonly name: string;
}

/** Tags that name a file: https://www.rfc-editor.org/rfc/rfc8216#section-4.3. */
const NAMING_TAG =
  /^#EXT-X-(KEY|SESSION-KEY|MAP|MEDIA|I-FRAME-STREAM-INF|SESSION-DATA|PART|PRELOAD-HINT|RENDITION-REPORT):.*?\bURI="([^"]*)"/;

/** Keys may be at a server, which players ask. */
const KEY_TAGS = new Set(['KEY', 'SESSION-KEY']);

const SCHEME = /^[a-z][a-z\d+.-]*:/i;

const PLAYLIST = /\.m3u8?$/i;

/** Playlists are read whole; one of a day has some 20,000 lines. */
const MAX_PLAYLIST_BYTES = 64 * 1024 ** 2;

/** A name in a playlist. */
interface Reference {
  readonly uri: string;
  /** The playlist, relative to the first one. */
  readonly from: string;
}

/** Returns whether a file is a playlist, by its type. */
export function isPlaylist(type: string): boolean {
  return type === 'm3u8';
}

/** The files of a set that were found so far. */
interface Walk {
  /** Folder of the first playlist. */
  readonly folder: string;
  readonly files: Map<string, SetFile>;
  readonly problems: string[];
  /** Playlists that were not read yet. */
  readonly waiting: SetFile[];
}

/**
 * Returns all files that a playlist needs, in any depth, each once: segments, other playlists, maps and keys.
 *
 * VOD takes files that are in the folder of the playlist that names them, or below it, as its ParseStreamingManifest says.
 *
 * @throws {PutError} `incomplete_set` that names everything that is missing or elsewhere.
 */
export async function listHlsSet(playlist: string): Promise<readonly SetFile[]> {
  const waiting = [{ path: playlist, name: '' }];
  const walk: Walk = { folder: dirname(playlist), files: new Map(), problems: [], waiting };
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    for (const reference of await readPlaylist(next, walk.problems)) {
      await follow(reference, next.name, walk);
    }
  }
  const { files, problems } = walk;
  if (problems.length === 0) return [...files.values()];
  throw new PutError(
    'incomplete_set',
    `${playlist} cannot be uploaded: ${problems.join('; ')}. Every file must be in the folder of the playlist that names it, or below.`,
  );
}

async function follow(reference: Reference, playlist: string, walk: Walk): Promise<void> {
  const { folder, files, problems, waiting } = walk;
  const { from, uri } = reference;
  const name = locate(reference, playlist);
  if (name === undefined) {
    problems.push(`${from} names a file elsewhere: ${show(uri)}`);
    return;
  }
  if (files.has(name)) return;
  const file = { path: join(folder, ...name.split('/')), name };
  files.set(name, file);
  if (!(await isFile(file.path))) problems.push(`${name}, named in ${from}, is missing`);
  else if (PLAYLIST.test(name)) waiting.push(file);
}

/** Returns the name relative to the first playlist; undefined for a file outside of the folder of its own playlist. */
function locate({ uri }: Reference, playlist: string): string | undefined {
  const path = decode(uri.replace(/[?#].*$/s, ''));
  const isOutside = SCHEME.test(path) || /^[/\\]/.test(path) || path.split('/').includes('..');
  return isOutside || path === '' ? undefined : posix.join(posix.dirname(playlist), path);
}

async function readPlaylist(
  { path, name }: SetFile,
  problems: string[],
): Promise<readonly Reference[]> {
  const from = name === '' ? posix.basename(path) : name;
  const { size } = await stat(path).catch((error: unknown) => {
    throw new PutError('unreadable', `${path} cannot be read.`, { cause: error });
  });
  if (size > MAX_PLAYLIST_BYTES) {
    problems.push(`${from} is too large for a playlist`);
    return [];
  }
  const lines = (await readFile(path, 'utf8')).replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines[0]?.trim() !== '#EXTM3U') {
    problems.push(`${from} does not begin with #EXTM3U`);
    return [];
  }
  return lines.flatMap((line) => readLine(line.trim())).map((uri) => ({ uri, from }));
}

function readLine(line: string): readonly string[] {
  if (!line.startsWith('#')) return line === '' ? [] : [line];
  const [, tag = '', uri = ''] = NAMING_TAG.exec(line) ?? [];
  const isElsewhere = uri.startsWith('data:') || (KEY_TAGS.has(tag) && SCHEME.test(uri));
  return uri === '' || isElsewhere ? [] : [uri];
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** The query of a URL may have a signature. */
function show(uri: string): string {
  return uri.replace(/[?#].*$/s, '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
