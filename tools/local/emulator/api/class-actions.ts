import * as v from 'valibot';
import type { MediaClass } from '../state.ts';
import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';
import { application, integer, textOfCharacters } from './parameters.ts';
import type { ApiAnswer } from './services.ts';

const TOP = -1;
/** There are four levels, numbered from 0. */
const DEEPEST_LEVEL = 3;
/** The category of media without one, which every account has. */
const OTHER: MediaClass = { classId: 0, parentId: TOP, name: 'Other', level: 0 };

function describe(mediaClass: MediaClass, all: readonly MediaClass[]): ApiAnswer {
  const { classId, parentId, name, level } = mediaClass;
  return {
    ClassId: classId,
    ParentId: parentId,
    Name: name,
    ClassName: name,
    Level: level,
    SubClassIdSet: all.filter((other) => other.parentId === classId).map((child) => child.classId),
  };
}

/** https://cloud.tencent.com/document/product/266/31760 */
export const describeAllClass = defineAction({
  entries: application,
  perform({ names }) {
    const all = [OTHER, ...names.listClasses()];
    return { ClassInfoSet: all.map((mediaClass) => describe(mediaClass, all)) };
  },
});

/** https://cloud.tencent.com/document/product/266/31772 */
export const createClass = defineAction({
  entries: {
    ...application,
    ParentId: integer,
    ClassName: v.pipe(textOfCharacters(64), v.nonEmpty('must not be empty')),
  },
  async perform({ state, names }, { ParentId, ClassName }) {
    const all = names.listClasses();
    const parent = all.find((other) => other.classId === ParentId);
    if (ParentId !== TOP && parent === undefined) {
      throw apiError('FailedOperation.ParentIdNoFound', `There is no category ${ParentId}`);
    }
    const level = parent === undefined ? 0 : parent.level + 1;
    if (level > DEEPEST_LEVEL) {
      throw apiError('FailedOperation.ClassLevelLimitExceeded', 'There are four levels only');
    }
    const siblings = all.filter(({ parentId }) => parentId === ParentId);
    if (siblings.some(({ name }) => name === ClassName)) {
      throw apiError('FailedOperation.ClassNameDuplicate', `${ClassName} exists there already`);
    }
    const classId = 1 + Math.max(0, ...all.map((other) => other.classId));
    state.classes.set(String(classId), { classId, parentId: ParentId, name: ClassName, level });
    await state.save();
    return { ClassId: classId };
  },
});
