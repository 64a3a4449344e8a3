import type { UploadState } from '../../lib/uploads/upload-state.ts';
import { formatIsoTime } from '../../lib/validation/iso-time.ts';
import type { Chance } from '../support/chance.ts';
import { contextKeysOf, sealContext } from '../support/source-contexts.ts';
import { API_KEY } from './vod-api.ts';
import {
  APPLICATIONS,
  type Application,
  OWN,
  tellDeletion,
  tellNewFile,
  tellProcedure,
  tellPull,
  type World,
  type WorldMedia,
  type WorldTask,
} from './world.ts';

/** What an upload goes through, step by step: each changes the world and answers the notification that tells of it. */
export interface Life {
  /** Missing where the media comes without an envelope. */
  readonly uploadId: string | undefined;
  readonly method: 'client' | 'pull' | 'live';
  readonly owner: string;
  /** Application that all of it happens in. */
  readonly subAppId: number;
  readonly fileId: string;
  /** Of a pull. */
  readonly taskId: string | undefined;
  /** Cancelled by its owner before the file comes. */
  readonly cancelled: boolean;
  readonly steps: readonly (() => object)[];
  /** Where it ends. */
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

/** Answers `count` lives in `world`, of every kind by its share, and as many in each application. */
export function planLives(count: number, world: World, chance: Chance): readonly Life[] {
  const kinds = SHARES.flatMap(([kind, share]) => Array.from({ length: share }, () => kind));
  return Array.from({ length: count }, (_, index) =>
    planLife(kinds[index % kinds.length] ?? 'plain', index, world, chance),
  );
}

/** What is decided of a life beforehand. */
interface Fate {
  readonly kind: Kind;
  readonly procedure: boolean;
  /** The pull finds nothing, or, where there is a procedure, each of its parts fails. */
  readonly fails: boolean;
  /** The file is deleted when all is done. */
  readonly gone: boolean;
}

function drawFate(kind: Kind, chance: Chance): Fate {
  const procedure = kind === 'processed' || (kind === 'pull' && chance.happens(0.3));
  const fails = chance.happens(0.2) && (kind === 'pull' || procedure);
  const gone = chance.happens(0.25) && kind !== 'cancelled' && !(fails && !procedure);
  return { kind, procedure, fails, gone };
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
    steps: kind === 'abandoned' ? [] : planSteps(identity, procedureTaskId, fate, application),
    end: foresee(fate),
  };
}

type Identity = Pick<Life, 'uploadId' | 'method' | 'owner' | 'subAppId' | 'fileId' | 'taskId'>;

function planSteps(
  identity: Identity,
  procedureTaskId: string,
  { procedure, fails, gone }: Fate,
  { media: files, tasks }: Application,
): Life['steps'] {
  const { fileId, uploadId = '', taskId } = identity;
  const isLost = fails && !procedure;
  const progress = (done: number) => describeProcedure(procedureTaskId, fileId, done, fails);
  const arrive = () => {
    // Searches go by the time at which it came.
    const media = describeMedia(identity);
    if (!isLost) files.set(fileId, media);
    if (procedure) tasks.set(procedureTaskId, progress(0));
    if (taskId === undefined) return tellNewFile(media, procedureTaskId);
    const task = describePull({ taskId, uploadId, media, procedureTaskId }, isLost);
    tasks.set(taskId, task);
    return tellPull(task);
  };
  const process = (done: number) => () => {
    const task = progress(done);
    tasks.set(procedureTaskId, task);
    return tellProcedure(task);
  };
  const disappear = () => {
    files.delete(fileId);
    return tellDeletion(fileId);
  };
  return [
    arrive,
    ...(procedure ? [0, ...PARTS.keys()].map((_, done) => process(done)) : []),
    ...(gone ? [disappear] : []),
  ];
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
            : sealContext(envelope, 'mine', {
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

/** Answers the flow when so many of its parts are done; it ends with the last. */
function describeProcedure(
  taskId: string,
  fileId: string,
  done: number,
  fails: boolean,
): WorldTask {
  const status = done === PARTS.length ? 'FINISH' : 'PROCESSING';
  const ended = fails
    ? { Status: 'FAIL', ErrCode: 60_000, Progress: 100 }
    : { Status: 'SUCCESS', ErrCode: 0, Progress: 100 };
  const running = { Status: 'PROCESSING', ErrCode: 0, Progress: 0 };
  return {
    taskType: 'Procedure',
    member: 'ProcedureTask',
    task: {
      ...{ TaskId: taskId, Status: status, ErrCode: 0, Message: 'SUCCESS', FileId: fileId },
      MediaProcessResultSet: PARTS.map((definition, place) => ({
        Type: 'Transcode',
        TranscodeTask: { ...(place < done ? ended : running), Input: { Definition: definition } },
      })),
      ...{ SessionContext: '', SessionId: '', TasksNotifyMode: 'Change' },
    },
  };
}
