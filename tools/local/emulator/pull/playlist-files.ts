import { text } from 'node:stream/consumers';
import type { Account } from '../account.ts';
import { ManifestError, parseManifest } from '../manifest.ts';
import type { ObjectStore, StoredObject } from '../storage/objects.ts';
import { nameOf } from '../stored-bytes.ts';
import { openSource, type SourceOptions } from './open-source.ts';
import { sourceFailure } from './pull-failure.ts';
import { storeSource } from './store-source.ts';
import type { TransferClock } from './transfer-clock.ts';

/** Dependencies for fetching the files of a playlist. */
interface PlaylistOptions extends SourceOptions {
  readonly account: Account;
  readonly objects: ObjectStore;
}

/** A stored playlist and its source. */
interface Playlist {
  readonly object: StoredObject;
  readonly url: URL;
}

/** Our choice; a playlist of playlists of segments has two levels. */
const MAX_LEVELS = 3;
const NOTHING = () => undefined;

/**
 * Fetches the files that a playlist names, and stores them at the same relative paths. That files elsewhere cannot be
 * pulled is our guess: the service does not accept them in uploads either.
 *
 * @param stored called with the path of each file before it is stored.
 * @throws PullFailure
 */
export async function bringPlaylistFiles(
  options: PlaylistOptions,
  playlist: Playlist,
  clock: TransferClock,
  stored: (path: string) => void,
  level = 1,
): Promise<void> {
  const { account, objects } = options;
  const { object, url } = playlist;
  if (level > MAX_LEVELS) throw sourceFailure(`Playlists in more than ${MAX_LEVELS} levels`);
  const folder = `/${object.key.slice(0, object.key.lastIndexOf('/') + 1)}`;
  for (const name of await listFiles(options, playlist)) {
    const path = `${folder}${name.replace(/[?#].*$/, '')}`;
    stored(path);
    const source = await openSource(new URL(name, url).href, options, clock);
    const file = await storeSource(objects, nameOf(account, path), source, clock, NOTHING);
    if (!path.endsWith('.m3u8')) continue;
    await bringPlaylistFiles(options, { object: file, url: source.url }, clock, stored, level + 1);
  }
}

async function listFiles(
  { objects }: PlaylistOptions,
  { object, url }: Playlist,
): Promise<readonly string[]> {
  try {
    return parseManifest(await text(objects.read(object, 0, object.size - 1)), 'm3u8');
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw sourceFailure(`The playlist of ${url.host} cannot be pulled: ${error.message}`, {
      cause: error,
    });
  }
}
