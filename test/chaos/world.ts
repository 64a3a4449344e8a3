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

/** The applications of its tenants, by the tenant's name. */
export const TENANTS = { north: 1_500_000_002, south: 1_500_000_003 } as const;

/** All applications, the service's own first. */
export const APPLICATIONS: readonly number[] = [OWN, ...Object.values(TENANTS)];

/** Everything that VOD knows in one application; it does not know there what is in another one. */
export interface Application {
  readonly media: Map<string, WorldMedia>;
  readonly tasks: Map<string, WorldTask>;
  /** How often DeleteMedia removed each file. */
  readonly removals: Map<string, number>;
  /** How often ModifyMediaInfo set each parameter of each file, by `fileId parameter`. */
  readonly modifications: Map<string, number>;
  /** Files about which VOD refuses questions, and files that it refuses to modify. */
  readonly unaskable: Set<string>;
  readonly unmodifiable: Set<string>;
}

/** Everything that VOD knows, by application. Events report the changes, but may never arrive. */
export type World = ReadonlyMap<number, Application>;

/** What happens in one application, step by step: each step changes the world and returns what describes it. */
export interface Course {
  readonly subAppId: number;
  readonly steps: readonly (() => readonly object[])[];
  /** None of its notifications is sent to another application's address, where it would count as a separate fact. */
  readonly staysHome: boolean;
}

/** Returns a world before anything has happened. */
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

/** Returns the notification that `media` has arrived, as VOD sends it. */
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

/** Returns the notification about the state of a processing flow. */
export function tellProcedure({ task }: WorldTask): object {
  return { EventType: 'ProcedureStateChanged', ProcedureStateChangeEvent: task };
}

/** Returns the notification about the end of a pull. */
export function tellPull({ task }: WorldTask): object {
  return { EventType: 'PullComplete', PullCompleteEvent: task };
}

/** Returns the notification that a file and all its parts are deleted. */
export function tellDeletion(fileId: string): object {
  return {
    EventType: 'FileDeleted',
    FileDeleteEvent: {
      FileIdSet: [fileId],
      FileDeleteResultInfo: [{ FileId: fileId, DeleteParts: [] }],
    },
  };
}
