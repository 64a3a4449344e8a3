import { randomBytes } from 'node:crypto';
import { defined } from '../../../lib/validation/json-object.ts';
import type { KnownNames } from './known-names.ts';
import type { MediaMetaData } from './metadata.ts';
import type { Recording } from './recording.ts';
import type { Media } from './state.ts';
import type { StoredObject } from './storage/objects.ts';
import { categoryOf } from './ugc/media-types.ts';

/** Dependencies for creating a media. */
export interface MediaMaker {
  readonly account: { readonly appId: number };
  /** Origin of the addresses of media: scheme, host and port of this machine's server. */
  readonly origin: string;
  readonly now: () => Date;
  readonly names: Pick<KnownNames, 'hasClass'>;
  /** Returns an object's technical metadata, null if it cannot be read; never throws. */
  probe(object: StoredObject): Promise<MediaMetaData | null>;
}

/** A stored file that becomes a media. Paths have a leading slash. */
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
  /** Absent for an uploaded file. */
  readonly recording?: Recording;
}

/** The service's expiry time of media that never expire. */
export const FOR_EVER = '9999-12-31T23:59:59Z';

/** Returns the address of a stored file. */
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

/** Returns the media of a stored file that arrived in any way; without a category if its own does not exist. */
export async function buildMedia(maker: MediaMaker, source: MediaSource): Promise<Media> {
  const { fileId, name, type, path, coverPath, classId, storageRegion, sourceContext } = source;
  const metaData = await maker.probe(source.object);
  const time = isoTimeOf(maker.now());
  return {
    ...{ fileId, name, type, storageRegion, sourceContext, coverPath },
    classId: maker.names.hasClass(classId) ? classId : 0,
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
