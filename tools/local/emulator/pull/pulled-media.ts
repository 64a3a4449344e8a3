import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import { imageTypeOf } from '../image-type.ts';
import { buildMedia, type MediaMaker } from '../new-media.ts';
import type { Media, Pull } from '../state.ts';
import type { ObjectStore } from '../storage/objects.ts';
import { nameOf, removeStored, storeBytes } from '../stored-bytes.ts';
import { newFileId, newObjectName } from '../ugc/identifiers.ts';
import { openSource, type Source, type SourceOptions } from './open-source.ts';
import { bringPlaylistFiles } from './playlist-files.ts';
import { PullFailure, pullFailure, sourceFailure } from './pull-failure.ts';
import { readSource, storeSource } from './store-source.ts';
import { startTransferClock, type TransferClock, type TransferTimes } from './transfer-clock.ts';

/** Dependencies for fetching a source. */
export interface PulledMediaOptions extends MediaMaker, SourceOptions, TransferTimes {
  readonly account: Account;
  readonly objects: ObjectStore;
  readonly faults: Faults;
  readonly clock: Pick<Clock, 'wait'>;
}

/** Our choice; no limit of a cover is documented. */
const MAX_COVER_BYTES = 10 * 1024 * 1024;
const DEFAULT_SLOWNESS = 3_000;

/** Types of pages and messages, which are not media; some servers send playlists with one of these types, too. */
const TEXT = /^(?:text\/|application\/(?:json|xml|xhtml\+xml|problem\+json)$)/;

/**
 * Fetches a pull's source and cover, and returns the media. Its files are stored; it is not yet in the state.
 *
 * @param progress called with percent, 0 if the source does not report its size.
 * @throws PullFailure, or the reason of `closing`; nothing is stored then.
 */
export async function bringMedia(
  options: PulledMediaOptions,
  pull: Pull,
  progress: (percent: number) => void,
  closing: AbortSignal,
): Promise<Media> {
  const clock = startTransferClock(options, closing);
  const { account, objects } = options;
  const fileId = newFileId();
  const folder = `/${account.storageBucket}/${fileId}`;
  const path = `${folder}/${newObjectName()}.${pull.mediaType}`;
  const paths = [path];
  try {
    const source = await openMedia(options, pull, clock);
    const { length, url } = source;
    const object = await storeSource(objects, nameOf(account, path), source, clock, (bytes) =>
      progress(length === null ? 0 : Math.floor((bytes / length) * 100)),
    );
    if (pull.mediaType === 'm3u8') {
      await bringPlaylistFiles(options, { object, url }, clock, (file) => void paths.push(file));
    }
    const coverPath = await bringCover(options, pull, folder, clock);
    return await buildMedia(options, {
      ...{ fileId, object, path, coverPath },
      ...{ name: pull.mediaName, type: pull.mediaType, procedure: pull.procedure },
      ...{ classId: pull.classId, storageRegion: pull.storageRegion },
      ...{ expireTime: pull.mediaExpireTime, sourceContext: pull.sourceContext },
    });
  } catch (error) {
    for (const stored of paths) await removeStored(options, stored).catch(() => undefined);
    throw error;
  } finally {
    clock.stop();
  }
}

async function openMedia(
  options: PulledMediaOptions,
  pull: Pull,
  clock: TransferClock,
): Promise<Source> {
  const source = await openSource(pull.mediaUrl, options, clock);
  const { body, contentType } = source;
  if (TEXT.test(contentType) && pull.mediaType !== 'm3u8') {
    body.destroy();
    throw sourceFailure(`The source is ${contentType}, not media of type ${pull.mediaType}`);
  }
  const slow = options.faults.take('slow-source');
  if (slow !== undefined) {
    const what = 'a source that is slow';
    await options.clock.wait(slow.value ?? DEFAULT_SLOWNESS, { signal: clock.signal, what });
  }
  return source;
}

/** That the whole pull fails as a wrong parameter if its cover cannot be fetched is our guess. */
async function bringCover(
  options: PulledMediaOptions,
  pull: Pull,
  folder: string,
  clock: TransferClock,
): Promise<string | null> {
  if (pull.coverUrl === null) return null;
  try {
    const source = await openSource(pull.coverUrl, options, clock);
    const bytes = await readSource(source, clock, MAX_COVER_BYTES);
    const type = imageTypeOf(bytes);
    if (type === undefined) throw sourceFailure('it is neither gif nor jpeg nor png');
    const path = `${folder}/${newFileId()}.${type}`;
    await storeBytes(options, path, bytes);
    return path;
  } catch (error) {
    if (!(error instanceof PullFailure)) throw error;
    throw pullFailure(40_000, `CoverUrl cannot be used: ${error.message}`, { cause: error });
  }
}
