import type { UploadState } from '../../lib/model/upload-state.ts';
import { formatIsoTime } from '../../lib/validation/iso-time.ts';
import type { Chance } from '../support/chance.ts';
import { contextKeysOf, encodeContext } from '../support/source-contexts.ts';
import { API_KEY } from './vod-api.ts';
import {
  APPLICATIONS,
  type Application,
  type Course,
  OWN,
  tellDeletion,
  tellNewFile,
  tellProcedure,
  tellPull,
  type World,
  type WorldMedia,
  type WorldTask,
} from './world.ts';

/** The course of one upload. */
export interface Life extends Course {
  /** Undefined if the media arrives without an envelope. */
  readonly uploadId: string | undefined;
  readonly method: 'client' | 'pull' | 'live';
  readonly owner: string;
  readonly fileId: string;
  /** The task of a pull. */
  readonly taskId: string | undefined;
  /** Its owner cancels it before the file arrives. */
  readonly cancelled: boolean;
  /** Task of the flow whose end does not fit into a message. */
  readonly largeTaskId: string | undefined;
  /** The state in which it ends. */
  readonly end: UploadState;
}

/** Shares of all lives, in percent. */
const SHARES = [
  ['plain', 30],
  ['processed', 35],
  ['pull', 20],
  ['live', 5],
  ['cancelled', 5],
  ['abandoned', 5],
] as const;

type Kind = (typeof SHARES)[number][0];

/** Returns `count` lives in `world`: of every kind by its share, and equally many in each application. */
export function planLives(count: number, world: World, chance: Chance): readonly Life[] {
  const kinds = SHARES.flatMap(([kind, share]) => Array.from({ length: share }, () => kind));
  return Array.from({ length: count }, (_, index) =>
    planLife(kinds[index % kinds.length] ?? 'plain', index, world, chance),
  );
}

/** What is decided about a life in advance. */
interface Fate {
  readonly kind: Kind;
  readonly procedure: boolean;
  /** The pull finds nothing; or, if there is a procedure, each of its parts fails. */
  readonly fails: boolean;
  /** The file is deleted after everything is done. */
  readonly gone: boolean;
  /** It is deleted before its arrival is reported. */
  readonly raced: boolean;
  /** Bytes of the additional data in the notification about the end of the flow, if that is large. */
  readonly largeBytes: number | undefined;
  /** Another program starts the flow, long after the upload arrived. */
  readonly foreign: boolean;
}

/** Share of the deletions that happen before the file is reported, and of the flows with large notifications. */
const RACED = 0.4;
const LARGE = 0.1;

/** Least and most bytes of a large notification. */
const LARGE_BYTES = [300_000, 1_000_000] as const;

function drawFate(kind: Kind, chance: Chance): Fate {
  const procedure = kind === 'processed' || (kind === 'pull' && chance.happens(0.3));
  const large = procedure && chance.happens(LARGE);
  const foreign = large && chance.happens(0.5);
  const fails = chance.happens(0.2) && (kind === 'pull' || procedure) && !large;
  const gone = chance.happens(0.25) && kind !== 'cancelled' && !(fails && !procedure);
  const raced = gone && chance.happens(RACED);
  const [least, most] = LARGE_BYTES;
  const largeBytes = large ? least + chance.below(most - least) : undefined;
  return { kind, procedure, fails, gone, raced, largeBytes, foreign };
}

function planLife(kind: Kind, index: number, world: World, chance: Chance): Life {
  const subAppId = APPLICATIONS[index % APPLICATIONS.length] ?? OWN;
  const application = world.get(subAppId);
  if (application === undefined) throw new RangeError('The world has no such application.');
  const number = String(index).padStart(8, '0');
  const fate = drawFate(kind, chance);
  const identity = {
    fileId: `52858907${number}001`,
    uploadId: kind === 'live' ? undefined : `01K${'0'.repeat(15)}${number}`,
    owner: `user-${index % 50}`,
    subAppId,
    method: kind === 'live' || kind === 'pull' ? kind : 'client',
    taskId: kind === 'pull' ? `${subAppId}-Pull-${number}t0` : undefined,
  } as const;
  const procedureTaskId = fate.procedure ? `${subAppId}-Procedure-${number}t0` : '';
  return {
    ...identity,
    cancelled: kind === 'cancelled',
    staysHome: kind === 'live' && fate.gone,
    largeTaskId: fate.largeBytes === undefined ? undefined : procedureTaskId,
    steps: kind === 'abandoned' ? [] : planSteps(identity, procedureTaskId, fate, application),
    end: foresee(fate),
  };
}

type Identity = Pick<Life, 'uploadId' | 'method' | 'owner' | 'subAppId' | 'fileId' | 'taskId'>;

function planSteps(
  identity: Identity,
  procedureTaskId: string,
  { procedure, fails, gone, raced, largeBytes, foreign }: Fate,
  { media: files, tasks }: Application,
): Life['steps'] {
  const { fileId, uploadId = '', taskId } = identity;
  const isLost = fails && !procedure;
  const ownTaskId = foreign ? '' : procedureTaskId;
  const progress = (done: number) =>
    describeProcedure(procedureTaskId, fileId, { done, fails, largeBytes });
  const arrive = () => {
    // Searches use the time at which it arrived.
    const media = describeMedia(identity);
    if (!isLost) files.set(fileId, media);
    if (ownTaskId !== '') tasks.set(ownTaskId, progress(0));
    if (taskId === undefined) return [tellNewFile(media, ownTaskId)];
    const end = { taskId, uploadId, media, procedureTaskId: ownTaskId };
    const task = describePull(end, isLost);
    tasks.set(taskId, task);
    return [tellPull(task)];
  };
  const process = (done: number) => () => {
    const task = progress(done);
    tasks.set(procedureTaskId, task);
    return [tellProcedure(task)];
  };
  const disappear = () => {
    files.delete(fileId);
    return [tellDeletion(fileId)];
  };
  const flow = procedure ? [0, ...PARTS.keys()].map((_, done) => process(done)) : [];
  if (raced) return [() => [...arrive(), ...disappear()], ...flow];
  return [arrive, ...flow, ...(gone ? [disappear] : [])];
}

function foresee({ kind, procedure, fails, gone }: Fate): UploadState {
  if (kind === 'cancelled') return 'cancelled';
  if (kind === 'abandoned') return 'expired';
  if (gone) return 'deleted';
  return fails && (procedure || kind === 'pull') ? 'failed' : 'ready';
}

function describeMedia({ fileId, uploadId, owner, subAppId, method }: Identity): WorldMedia {
  const envelope =
    uploadId === undefined || method === 'live' ? undefined : { uploadId, owner, method };
  const now = formatIsoTime(Math.floor(Date.now() / 1_000));
  return {
    FileId: fileId,
    BasicInfo: {
      ...{ Name: `film ${fileId}`, Description: '', CreateTime: now, UpdateTime: now },
      ...{ ExpireTime: '9999-12-31T23:59:59Z', ClassId: 0, Type: 'mp4', CoverUrl: '', TagSet: [] },
      MediaUrl: `http://${subAppId}.vod2.myqcloud.com/${fileId}/f0.mp4`,
      StorageRegion: 'ap-singapore',
      Category: 'Video',
      Status: 'Normal',
      SourceInfo: {
        SourceType: method === 'live' ? 'Record' : 'Upload',
        SourceContext:
          envelope === undefined
            ? ''
            : encodeContext(envelope, 'mine', {
                keys: contextKeysOf(API_KEY.secretKey),
                subAppId,
              }),
      },
    },
    MetaData: { Size: 10_556, Container: 'mov,mp4,m4a,3gp,3g2,mj2', Duration: 60.5 },
  };
}

interface PullEnd {
  readonly taskId: string;
  readonly uploadId: string;
  readonly media: WorldMedia;
  readonly procedureTaskId: string;
}

function describePull(end: PullEnd, isLost: boolean): WorldTask {
  const { taskId, uploadId, media, procedureTaskId } = end;
  return {
    taskType: 'PullUpload',
    member: 'PullUploadTask',
    task: {
      ...{ TaskId: taskId, Status: 'FINISH', SessionId: uploadId, SessionContext: '' },
      ...(isLost
        ? { ErrCode: 60_000, Message: 'source file error', FileId: '', MediaBasicInfo: null }
        : {
            ErrCode: 0,
            Message: 'SUCCESS',
            FileId: media.FileId,
            MediaBasicInfo: media.BasicInfo,
          }),
      MetaData: isLost ? null : media.MetaData,
      FileUrl: isLost ? '' : media.BasicInfo['MediaUrl'],
      ...{ ProcedureTaskId: procedureTaskId, ReviewAudioVideoTaskId: '', Progress: 100 },
    },
  };
}

/** Templates of the parts of each flow. */
const PARTS = [10, 20, 30, 40, 50] as const;

interface Progress {
  /** How many of its parts are done; the flow ends with the last one. */
  readonly done: number;
  readonly fails: boolean;
  readonly largeBytes: number | undefined;
}

function describeProcedure(
  taskId: string,
  fileId: string,
  { done, fails, largeBytes }: Progress,
): WorldTask {
  const isOver = done === PARTS.length;
  const ended = fails
    ? { Status: 'FAIL', ErrCode: 60_000, Progress: 100 }
    : { Status: 'SUCCESS', ErrCode: 0, Progress: 100 };
  const running = { Status: 'PROCESSING', ErrCode: 0, Progress: 0 };
  return {
    taskType: 'Procedure',
    member: 'ProcedureTask',
    task: {
      ...{ TaskId: taskId, Status: isOver ? 'FINISH' : 'PROCESSING', ErrCode: 0 },
      ...{ Message: 'SUCCESS', FileId: fileId },
      MediaProcessResultSet: PARTS.map((definition, place) => ({
        Type: 'Transcode',
        TranscodeTask: { ...(place < done ? ended : running), Input: { Definition: definition } },
      })),
      ...(isOver && largeBytes !== undefined
        ? { AiRecognitionResultSet: [recogniseSpeech(largeBytes)] }
        : {}),
      ...{ SessionContext: '', SessionId: '', TasksNotifyMode: 'Change' },
    },
  };
}

/** Returns the result of recognising a long speech, as JSON of slightly more than `bytes` bytes. */
function recogniseSpeech(bytes: number): object {
  const segment = { Confidence: 98.5, StartTimeOffset: 1.25, EndTimeOffset: 4.5, Text: SPEECH };
  const count = Math.ceil(bytes / Buffer.byteLength(JSON.stringify(segment)));
  const SegmentSet = Array.from({ length: count }, () => segment);
  return {
    Type: 'AsrFullTextRecognition',
    AsrFullTextTask: { Status: 'SUCCESS', ErrCode: 0, Output: { SegmentSet } },
  };
}

/** Each of these characters has three bytes. */
const SPEECH = '从前有一座山，山上有一座庙，庙里有一个老和尚给小和尚讲故事。';
