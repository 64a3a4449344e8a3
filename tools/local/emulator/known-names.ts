import type { MediaClass, State } from './state.ts';

/** The procedures and categories that were made in the console, which does not exist here. */
export interface NamesOptions {
  /** What becomes of requests with other names; `refuse` by default. What the service does is not documented. */
  readonly unknownNames?: 'refuse' | 'accept';
  /** Names of procedures, in addition to {@link PRESET_PROCEDURES}. */
  readonly procedures?: readonly string[];
  /** Ids of categories, in addition to those that CreateClass makes. */
  readonly classIds?: readonly number[];
  /** Where a developer sets these; by default the settings of the local stack. */
  readonly setBy?: NamesSettings;
}

/** The settings that a refusal names. */
interface NamesSettings {
  readonly procedures: string;
  readonly classIds: string;
  /** What accepts all names. */
  readonly accept: string;
}

/** What a request names: 0 and null name nothing. */
interface Named {
  readonly classId: number;
  readonly procedure: string | null;
}

/** The procedures and categories of one application. */
export interface KnownNames {
  /** Names of the procedures that are no presets. */
  readonly customProcedures: readonly string[];
  /** Returns all categories, except 0, which is for media without one. */
  listClasses(): readonly MediaClass[];
  hasProcedure(name: string): boolean;
  hasClass(classId: number): boolean;
  /** Returns why a request is refused, undefined if it is accepted. */
  explainRefusal(named: Named): string | undefined;
}

/** The procedures that every account has, such as the one of https://www.tencentcloud.com/document/product/266/38294. */
export const PRESET_PROCEDURES = ['LongVideoPreset', 'SimpleAesEncryptPreset'] as const;

const STACK_SETTINGS: NamesSettings = {
  procedures: 'VOD_PROCEDURES or serverless.yml',
  classIds: 'VOD_CLASS_IDS or serverless.yml',
  accept: 'VOD_UNKNOWN_NAMES=accept',
};

/** Returns the names of an application, whose own categories are in `state`. */
export function createKnownNames(
  { classes }: Pick<State, 'classes'>,
  { unknownNames = 'refuse', procedures = [], classIds = [], setBy = STACK_SETTINGS }: NamesOptions,
): KnownNames {
  const customProcedures = [...new Set(procedures)];
  const hasProcedure = (name: string) => [...PRESET_PROCEDURES, ...procedures].includes(name);
  const hasClass = (classId: number) =>
    classId === 0 || classes.has(String(classId)) || classIds.includes(classId);
  return {
    customProcedures,
    listClasses() {
      const added = [...new Set(classIds)]
        .filter((classId) => classId !== 0 && !classes.has(String(classId)))
        .map((classId) => ({ classId, parentId: -1, name: `Category ${classId}`, level: 0 }));
      return [...added, ...classes.values()];
    },
    hasProcedure,
    hasClass,
    explainRefusal({ classId, procedure }) {
      if (unknownNames === 'accept') return undefined;
      if (procedure !== null && !hasProcedure(procedure)) {
        return `there is no procedure ${procedure}: ${setBy.procedures} must name it (${setBy.accept} accepts any, to fail later)`;
      }
      if (hasClass(classId)) return undefined;
      return `there is no category ${classId}: CreateClass makes one, or ${setBy.classIds} must name it (${setBy.accept} accepts any, to fail later)`;
    },
  };
}
