import type { State } from './state.ts';

/** The procedures and categories that were made in the console, which does not exist here. */
export interface NamesOptions {
  /** What becomes of requests with other names; `refuse` by default. What the service does is not documented. */
  readonly unknownNames?: 'refuse' | 'accept';
  /** Names of procedures, in addition to {@link PRESET_PROCEDURE}. */
  readonly procedures?: readonly string[];
  /** Ids of categories, in addition to those that CreateClass makes. */
  readonly classIds?: readonly number[];
}

/** What a request names: 0 and null name nothing. */
interface Named {
  readonly classId: number;
  readonly procedure: string | null;
}

/** The procedures and categories of one application. */
export interface KnownNames {
  hasProcedure(name: string): boolean;
  hasClass(classId: number): boolean;
  /** Returns why a request is refused, undefined if it is accepted. */
  explainRefusal(named: Named): string | undefined;
}

/** A procedure that every account has: https://cloud.tencent.com/document/product/266/31767. */
export const PRESET_PROCEDURE = 'LongVideoPreset';

const ACCEPT = 'VOD_UNKNOWN_NAMES=accept accepts any, to fail later';

/** Returns the names of an application, whose own categories are in `state`. */
export function createKnownNames(
  { classes }: Pick<State, 'classes'>,
  { unknownNames = 'refuse', procedures = [], classIds = [] }: NamesOptions,
): KnownNames {
  const hasProcedure = (name: string) => [PRESET_PROCEDURE, ...procedures].includes(name);
  const hasClass = (classId: number) =>
    classId === 0 || classes.has(String(classId)) || classIds.includes(classId);
  return {
    hasProcedure,
    hasClass,
    explainRefusal({ classId, procedure }) {
      if (unknownNames === 'accept') return undefined;
      if (procedure !== null && !hasProcedure(procedure)) {
        return `there is no procedure ${procedure}: VOD_PROCEDURES or serverless.yml must name it (${ACCEPT})`;
      }
      if (hasClass(classId)) return undefined;
      return `there is no category ${classId}: CreateClass makes one, or VOD_CLASS_IDS or serverless.yml must name it (${ACCEPT})`;
    },
  };
}
