import { randomBytes } from 'node:crypto';
import { defined } from '../../../lib/validation/json-object.ts';
import type { MediaMetaData } from './metadata.ts';
import type { Recording } from './recording.ts';
import type { Media } from './state.ts';
import type { StoredObject } from './storage/objects.ts';
import { categoryOf } from './ugc/media-types.ts';

/** What making a media needs. */
export interface MediaMaker {
  readonly account: { readonly appId: number };
  /** Where media are played from: scheme, host and port of this machine's server. */
  readonly origin: string;
  readonly now: () => Date;
  /** Returns an object's technical metadata, null where it cannot be read; never throws. */
  probe(object: StoredObject): Promise<MediaMetaData | null>;
}

/** A stored file that becomes a media. Paths have their leading slash. */
export interface MediaSource {
  readonly fileId: string;
  readonly object: StoredObject;
  readonly name: string;
  /** Extension in lower case. */
  readonly type: string;
  readonly path: string;
  readonly coverPath: string | null;
  /** ISO 8601; null for ever. */
  readonly expireTime: string | null;
  readonly classId: number;
  readonly storageRegion: string;
  readonly sourceContext: string;
  readonly procedure: string | null;
  /** Missing where it was uploaded. */
  readonly recording?: Recording;
}

/** What the service says of media that are kept for ever. */
export const FOR_EVER = '9999-12-31T23:59:59Z';

/** Returns where a stored file is played from. */
export function urlOf({ origin }: Pick<MediaMaker, 'origin'>, path: string): string {
  return `${origin}/media${path}`;
}

/** Returns a time as the service writes it: ISO 8601 in UTC, whole seconds. */
export function isoTimeOf(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** Returns a new id of a processing flow's task. */
export function newProcedureTaskId({ appId }: MediaMaker['account']): string {
  return `${appId}-Procedure-${randomBytes(16).toString('hex')}`;
}

/** Returns the media that a stored file becomes, whatever way it came. */
export async function buildMedia(maker: MediaMaker, source: MediaSource): Promise<Media> {
  const { fileId, name, type, path, coverPath, classId, storageRegion, sourceContext } = source;
  const metaData = await maker.probe(source.object);
  const time = isoTimeOf(maker.now());
  return {
    ...{ fileId, name, type, classId, storageRegion, sourceContext, coverPath },
    category: categoryOf(type) ?? 'Video',
    mediaPath: path,
    mediaUrl: urlOf(maker, path),
    coverUrl: coverPath === null ? '' : urlOf(maker, coverPath),
    createTime: time,
    updateTime: time,
    expireTime: source.expireTime ?? FOR_EVER,
    procedureTaskId: source.procedure === null ? '' : newProcedureTaskId(maker.account),
    metaData: metaData === null ? null : { ...metaData },
    ...defined({ recording: source.recording }),
    description: '',
    tags: [],
  };
}
