import {
  attachRolePolicy,
  createRole,
  getCallerIdentity,
  getRole,
  getUserAppId,
  listPolicies,
} from './cam-actions.ts';
import type { Action } from './define-action.ts';
import { getMonitorData } from './monitor-actions.ts';
import {
  createFunction,
  deleteFunction,
  getFunction,
  getFunctionLogs,
  invoke,
  listFunctions,
  updateFunctionCode,
  updateFunctionConfiguration,
} from './scf/function-actions.ts';
import {
  createTrigger,
  deleteTrigger,
  listTriggers,
  updateTrigger,
} from './scf/trigger-actions.ts';
import { describeResourceTags, modifyResourceTags } from './tag-actions.ts';

interface Service {
  readonly version: string;
  readonly actions: Readonly<Record<string, Action>>;
}

/** Services of the API, by the first label of their host, with the actions that this cloud has. */
export const SERVICES: ReadonlyMap<string, Service> = new Map([
  [
    'cam',
    {
      version: '2019-01-16',
      actions: {
        AttachRolePolicy: attachRolePolicy,
        CreateRole: createRole,
        GetRole: getRole,
        GetUserAppId: getUserAppId,
        ListPolicies: listPolicies,
      },
    },
  ],
  ['monitor', { version: '2018-07-24', actions: { GetMonitorData: getMonitorData } }],
  [
    'scf',
    {
      version: '2018-04-16',
      actions: {
        CreateFunction: createFunction,
        CreateTrigger: createTrigger,
        DeleteFunction: deleteFunction,
        DeleteTrigger: deleteTrigger,
        GetFunction: getFunction,
        GetFunctionLogs: getFunctionLogs,
        Invoke: invoke,
        ListFunctions: listFunctions,
        ListTriggers: listTriggers,
        UpdateFunctionCode: updateFunctionCode,
        UpdateFunctionConfiguration: updateFunctionConfiguration,
        UpdateTrigger: updateTrigger,
      },
    },
  ],
  ['sts', { version: '2018-08-13', actions: { GetCallerIdentity: getCallerIdentity } }],
  [
    'tag',
    {
      version: '2018-08-13',
      actions: {
        DescribeResourceTagsByResourceIds: describeResourceTags,
        ModifyResourceTags: modifyResourceTags,
      },
    },
  ],
]);
