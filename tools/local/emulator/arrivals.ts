import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ActivityLog } from '../activity.ts';
import type { Account, Applications } from './account.ts';
import { demandSubAppId } from './api/parameters.ts';
import { planPull } from './api/pull-upload.ts';
import { refuseUnknownNames } from './api/upload-actions.ts';
import type { KnownNames } from './known-names.ts';
import { buildMedia, isoTimeOf, type MediaMaker } from './new-media.ts';
import type { Pulls } from './pull/pulls.ts';
import { buildPicture, buildTone } from './pull/sample-media.ts';
import { buildVideo } from './pull/sample-video.ts';
import type { Recording } from './recording.ts';
import type { Media, ProcessingWish, Pull, State } from './state.ts';
import { type ByteStore, nameOf } from './stored-bytes.ts';
import { newFileId, newObjectName } from './ugc/identifiers.ts';

/** The application that gets a media. */
interface Destination {
  /** The account's own application by default. */
  readonly subAppId?: number | undefined;
}

/** A file that a user uploads in the console, and the options of that page. */
interface ConsoleFile {
  readonly name: string;
  readonly type: ArrivalType;
  /** Length of a video or audio; a file of 0 seconds is empty, whatever its type. */
  readonly seconds: number;
  readonly classId: number;
  readonly procedure: string | null;
}

/** A recording at its end. */
interface FinishedRecording {
  readonly recording: Recording;
  readonly name: string;
  readonly seconds: number;
  /** Lifetime of the recording in seconds; null for ever. */
  readonly keepSeconds: number | null;
}

/**
 * The ways in which media arrive without a program of the developer: two in the console, and recordings. Each throws an
 * ApiError if the account has no such application.
 */
export interface Arrivals {
  /** Simulates an upload in the console. @throws ApiError if it has no such category or procedure. */
  uploadFromConsole(file: ConsoleFile & Destination): Promise<Media>;
  /**
   * Simulates a URL that is entered in the console, by default for the account's own application.
   *
   * @throws ApiError if PullUpload would refuse it.
   */
  pullFromConsole(mediaUrl: string, subAppId?: number): Promise<Pull>;
  /** Simulates the end of a recording. */
  record(finished: FinishedRecording & Destination): Promise<Media>;
}

/** What arrivals work with. */
interface ArrivalsOptions extends ByteStore, MediaMaker {
  readonly account: Account;
  readonly state: Pick<State, 'media' | 'save'>;
  readonly pulls: Pick<Pulls, 'record' | 'start'>;
  readonly names: KnownNames;
  readonly activity: ActivityLog;
  recordUpload(media: Media, wish: ProcessingWish): void;
  startRecorded(): void;
}

/** The content of a file by its type. It can be played, so that it has metadata. */
const CONTENT = {
  mp4: buildVideo,
  wav: buildTone,
  png: () => buildPicture(64, 48),
} as const satisfies Record<string, (seconds: number) => Buffer>;

/** A type of file that can be created here. */
export type ArrivalType = keyof typeof CONTENT;

/** Every {@link ArrivalType}. */
export const ARRIVAL_TYPES = Object.keys(CONTENT) as [ArrivalType, ...ArrivalType[]];

/**
 * Returns the ways in which media arrive without a program of the developer. Uploads and recordings are stored in the
 * nearest region, pulled media in the default one: https://www.tencentcloud.com/document/product/266/9760.
 */
export function createArrivals({ own, of }: Applications<ArrivalsOptions>): Arrivals {
  const find = (subAppId = 0) => of(demandSubAppId(own.account, subAppId));
  return {
    async uploadFromConsole({ subAppId, ...file }) {
      const options = find(subAppId);
      refuseUnknownNames(options, { ...file, procedure: file.procedure ?? undefined });
      return bring(options, { ...file, keepSeconds: null });
    },
    async pullFromConsole(mediaUrl, subAppId) {
      const options = find(subAppId);
      const { state, pulls } = options;
      const nothing = { ClassId: 0, TasksPriority: 0, SessionContext: '', SourceContext: '' };
      const pull = planPull(options, { MediaUrl: mediaUrl, ...nothing });
      pulls.record(pull);
      await state.save();
      pulls.start();
      return pull;
    },
    async record({ subAppId, ...finished }) {
      const plain = { type: 'mp4', classId: 0, procedure: null } as const;
      return bring(find(subAppId), { ...plain, ...finished });
    },
  };
}

interface ArrivingFile extends ConsoleFile, Pick<FinishedRecording, 'keepSeconds'> {
  readonly recording?: Recording;
}

async function bring(options: ArrivalsOptions, file: ArrivingFile): Promise<Media> {
  const { account, objects, state, activity } = options;
  const { seconds, keepSeconds, ...described } = file;
  const fileId = newFileId();
  const path = `/${account.storageBucket}/${fileId}/${newObjectName()}.${file.type}`;
  const bytes = seconds === 0 ? Buffer.alloc(0) : CONTENT[file.type](seconds);
  const body = Readable.from([bytes], { objectMode: false });
  const type = 'application/octet-stream';
  const object = await objects.put(nameOf(account, path), body, bytes.length, type);
  const built = await buildMedia(options, {
    ...{ ...described, fileId, object, path, coverPath: null, sourceContext: '' },
    ...{ storageRegion: account.nearestRegion, expireTime: null },
  });
  const media = keepSeconds === null ? built : expireAfter(built, keepSeconds);
  state.media.set(fileId, media);
  const { procedure } = file;
  const defaults = { taskPriority: 0, taskNotifyMode: 'Finish', sessionContext: null } as const;
  options.recordUpload(media, { procedure, ...defaults });
  await state.save();
  const { name, mediaUrl, coverUrl, metaData } = media;
  activity.report({ type: 'media', fileId, name, mediaUrl, coverUrl, metaData });
  options.startRecorded();
  return media;
}

function expireAfter(media: Media, seconds: number): Media {
  const end = Date.parse(media.createTime) + seconds * 1_000;
  return { ...media, expireTime: isoTimeOf(new Date(end)) };
}

/** Returns a new id of a recording task. */
export function newRecordingTaskId(): string {
  return randomBytes(16).toString('hex');
}
