/** What VOD knows of a media file: `MediaInfo` of DescribeMediaInfos. */
export interface WorldMedia {
  readonly FileId: string;
  readonly BasicInfo: Readonly<Record<string, unknown>>;
  readonly MetaData: Readonly<Record<string, unknown>>;
}

/** What VOD knows of a task: its member in the answer of DescribeTaskDetail. */
export interface WorldTask {
  readonly taskType: string;
  readonly member: 'ProcedureTask' | 'PullUploadTask' | 'EditMediaTask';
  readonly task: Readonly<Record<string, unknown>>;
}

/** The service's own application. */
export const OWN = 1_500_000_001;

/** Those of its tenants, by their names. */
export const TENANTS = { north: 1_500_000_002, south: 1_500_000_003 } as const;

/** All that there are, the service's own first. */
export const APPLICATIONS: readonly number[] = [OWN, ...Object.values(TENANTS)];

/** Everything that VOD knows of one application; of what is in another one, it knows nothing there. */
export interface Application {
  readonly media: Map<string, WorldMedia>;
  readonly tasks: Map<string, WorldTask>;
  /** How often DeleteMedia removed each file. */
  readonly removals: Map<string, number>;
  /** How often ModifyMediaInfo set each thing of each file, by `fileId parameter`. */
  readonly modifications: Map<string, number>;
  /** Files that VOD does not let itself be asked about, and those that it lets nobody modify. */
  readonly unaskable: Set<string>;
  readonly unmodifiable: Set<string>;
}

/** Everything that VOD knows, by application. What happens there is told by events, which may never come. */
export type World = ReadonlyMap<number, Application>;

/** What happens in one application, step by step: each step changes the world and returns what describes it. */
export interface Course {
  readonly subAppId: number;
  readonly steps: readonly (() => readonly object[])[];
  /** Nothing of it is sent to another application's address, whose word for it would be a fact of its own. */
  readonly staysHome: boolean;
}

/** Returns a world in which nothing has happened yet. */
export function createWorld(): World {
  return new Map(
    APPLICATIONS.map((subAppId) => [
      subAppId,
      {
        ...{ media: new Map(), tasks: new Map(), removals: new Map(), modifications: new Map() },
        ...{ unaskable: new Set(), unmodifiable: new Set() },
      },
    ]),
  );
}

/** Returns the notification that tells that `media` has come, as VOD sends it. */
export function tellNewFile(media: WorldMedia, procedureTaskId: string): object {
  return {
    EventType: 'NewFileUpload',
    FileUploadEvent: {
      FileId: media.FileId,
      MediaBasicInfo: media.BasicInfo,
      MetaData: media.MetaData,
      ProcedureTaskId: procedureTaskId,
      ReviewAudioVideoTaskId: '',
    },
  };
}

/** Returns the notification that tells how far a processing flow is. */
export function tellProcedure({ task }: WorldTask): object {
  return { EventType: 'ProcedureStateChanged', ProcedureStateChangeEvent: task };
}

/** Returns the notification that describes the end of a pull. */
export function tellPull({ task }: WorldTask): object {
  return { EventType: 'PullComplete', PullCompleteEvent: task };
}

/** Returns the notification that tells that a file and all its parts are gone. */
export function tellDeletion(fileId: string): object {
  return {
    EventType: 'FileDeleted',
    FileDeleteEvent: {
      FileIdSet: [fileId],
      FileDeleteResultInfo: [{ FileId: fileId, DeleteParts: [] }],
    },
  };
}
