import { describeStorageRegions, describeSubAppIds } from './account-actions.ts';
import { createClass, describeAllClass } from './class-actions.ts';
import { deleteMedia } from './delete-media.ts';
import { describeMediaInfos } from './describe-media.ts';
import {
  confirmEvents,
  describeEventConfig,
  describeEventsState,
  modifyEventConfig,
  pullEvents,
} from './event-actions.ts';
import { parseStreamingManifest } from './manifest.ts';
import { modifyMediaInfo } from './modify-media.ts';
import { describeProcedureTemplates, processMediaByProcedure } from './procedure-actions.ts';
import { pullUpload } from './pull-upload.ts';
import { searchMedia } from './search-media.ts';
import type { ApiAction } from './services.ts';
import { describeTaskDetail, describeTasks } from './task-actions.ts';
import { applyUpload, commitUpload } from './upload-actions.ts';

/** Every action that the emulator knows. */
const ACTIONS: ReadonlyMap<string, ApiAction> = new Map([
  ['ApplyUpload', applyUpload],
  ['CommitUpload', commitUpload],
  ['ConfirmEvents', confirmEvents],
  ['CreateClass', createClass],
  ['DeleteMedia', deleteMedia],
  ['DescribeAllClass', describeAllClass],
  ['DescribeEventConfig', describeEventConfig],
  ['DescribeEventsState', describeEventsState],
  ['DescribeMediaInfos', describeMediaInfos],
  ['DescribeProcedureTemplates', describeProcedureTemplates],
  ['DescribeStorageRegions', describeStorageRegions],
  ['DescribeSubAppIds', describeSubAppIds],
  ['DescribeTaskDetail', describeTaskDetail],
  ['DescribeTasks', describeTasks],
  ['ModifyEventConfig', modifyEventConfig],
  ['ModifyMediaInfo', modifyMediaInfo],
  ['ParseStreamingManifest', parseStreamingManifest],
  ['ProcessMediaByProcedure', processMediaByProcedure],
  ['PullEvents', pullEvents],
  ['PullUpload', pullUpload],
  ['SearchMedia', searchMedia],
]);

/** Returns the action with this name, or undefined if the emulator does not have it. */
export function findAction(name: string): ApiAction | undefined {
  return ACTIONS.get(name);
}
