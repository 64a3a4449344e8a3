import * as v from 'valibot';
import { CloudError } from '../cloud-error.ts';
import { type ActionContext, type ApiAnswer, defineAction } from '../define-action.ts';
import { checkFunctionCount, checkFunctionSettings, readEnvironment } from './function-limits.ts';
import { type FunctionRecord, functionKey, functionResource } from './function-record.ts';
import {
  beginChange,
  demandIdle,
  findFunction,
  formatTime,
  newFunctionId,
  readCode,
  readStatus,
} from './functions.ts';
import { runFunction } from './run-function.ts';
import { describeTrigger } from './trigger-actions.ts';

const text = v.string();
const name = { FunctionName: text, Namespace: v.optional(text, 'default') };
const environment = v.object({
  Variables: v.optional(v.array(v.strictObject({ Key: text, Value: text })), []),
});
const vpc = v.strictObject({ VpcId: text, SubnetId: text });
const publicNetwork = v.strictObject({
  PublicNetStatus: v.picklist(['ENABLE', 'DISABLE']),
  EipConfig: v.strictObject({ EipStatus: v.picklist(['ENABLE', 'DISABLE']) }),
});
const code = {
  CosBucketName: v.optional(text),
  CosObjectName: v.optional(text),
  CosBucketRegion: v.optional(text),
  ZipFile: v.optional(text),
};

/** https://cloud.tencent.com/document/api/583/18586 */
export const createFunction = defineAction(
  (integer) => ({
    ...name,
    Code: v.strictObject(code),
    Handler: v.optional(text, 'index.main_handler'),
    Description: v.optional(text, ''),
    MemorySize: v.optional(integer, 128),
    Timeout: v.optional(integer, 3),
    Environment: v.optional(environment),
    Runtime: v.optional(text, 'Python2.7'),
    VpcConfig: v.optional(vpc),
    PublicNetConfig: v.optional(publicNetwork),
    Role: v.optional(text, ''),
    Type: v.optional(v.picklist(['Event', 'HTTP'])),
    Tags: v.optional(v.array(v.strictObject({ Key: text, Value: text })), []),
  }),
  (context, input) => {
    const { state, region, now } = context;
    checkFunctionSettings(input);
    checkFunctionCount(state.functions.size);
    const key = functionKey(region, input.Namespace, input.FunctionName);
    if (state.functions.has(key)) {
      throw new CloudError('ResourceInUse.FunctionName', `${input.FunctionName} exists already`);
    }
    checkRole(context, input.Role);
    const time = formatTime(now());
    const record: FunctionRecord = {
      ...{ functionId: newFunctionId(), region, namespace: input.Namespace },
      ...{ name: input.FunctionName, runtime: input.Runtime, handler: input.Handler },
      ...{ description: input.Description, memorySize: input.MemorySize, timeout: input.Timeout },
      ...{ role: input.Role, vpc: readVpc(input.VpcConfig) },
      publicNetwork: input.PublicNetConfig?.PublicNetStatus ?? 'ENABLE',
      environment: readEnvironment(input.Environment?.Variables ?? []),
      code: readCode(context, input.Code),
      ...{ addTime: time, modTime: time, triggers: [] },
      ...{ status: 'Creating', statusReason: '', nextStatus: 'Active', busyReads: 0 },
    };
    beginChange(context, record, 'Creating');
    state.functions.set(key, record);
    const tags = input.Tags.map(({ Key, Value }) => [Key, Value] as const);
    if (tags.length > 0) state.tags.set(functionResource(record), new Map(tags));
    return {};
  },
);

/** https://cloud.tencent.com/document/api/583/18581 */
export const updateFunctionCode = defineAction(
  () => ({ ...name, ...code, Handler: v.optional(text) }),
  (context, input) => {
    const record = findFunction(context, input.FunctionName, input.Namespace);
    checkFunctionSettings(input);
    demandIdle(record, 'UpdateFunctionCode');
    record.code = readCode(context, input);
    record.handler = input.Handler ?? record.handler;
    beginChange(context, record, 'Updating');
    return {};
  },
);

/** https://cloud.tencent.com/document/api/583/18580: what is left out does not change. */
export const updateFunctionConfiguration = defineAction(
  (integer) => ({
    ...name,
    Description: v.optional(text),
    MemorySize: v.optional(integer),
    Timeout: v.optional(integer),
    Runtime: v.optional(text),
    Environment: v.optional(environment),
    VpcConfig: v.optional(vpc),
    PublicNetConfig: v.optional(publicNetwork),
    Role: v.optional(text),
  }),
  (context, input) => {
    const record = findFunction(context, input.FunctionName, input.Namespace);
    checkFunctionSettings(input);
    if (input.Runtime !== undefined && input.Runtime !== record.runtime) {
      throw new CloudError('InvalidParameterValue.Runtime', 'The runtime cannot be changed');
    }
    checkRole(context, input.Role ?? '');
    const variables = input.Environment?.Variables;
    const changed = variables === undefined ? undefined : readEnvironment(variables);
    demandIdle(record, 'UpdateFunctionConfiguration');
    record.environment = changed ?? record.environment;
    record.description = input.Description ?? record.description;
    record.memorySize = input.MemorySize ?? record.memorySize;
    record.timeout = input.Timeout ?? record.timeout;
    record.role = input.Role ?? record.role;
    record.publicNetwork = input.PublicNetConfig?.PublicNetStatus ?? record.publicNetwork;
    if (input.VpcConfig !== undefined) record.vpc = readVpc(input.VpcConfig);
    beginChange(context, record, 'Updating');
    return {};
  },
);

/** https://cloud.tencent.com/document/api/583/18585 */
export const deleteFunction = defineAction(
  () => ({ ...name, Qualifier: v.optional(text) }),
  (context, input) => {
    const record = findFunction(context, input.FunctionName, input.Namespace);
    if (record.status === 'Creating') demandIdle(record, 'FunctionStatusError');
    context.state.functions.delete(functionKey(record.region, record.namespace, record.name));
    context.state.tags.delete(functionResource(record));
    return {};
  },
);

/** https://cloud.tencent.com/document/api/583/18584 */
export const getFunction = defineAction(
  () => ({
    ...name,
    Qualifier: v.optional(text),
    ShowCode: v.optional(v.picklist(['TRUE', 'FALSE'])),
    ShowTriggers: v.optional(v.picklist(['TRUE', 'FALSE'])),
  }),
  (context, input) => {
    const record = findFunction(context, input.FunctionName, input.Namespace);
    return {
      ...summarise(context, record),
      FunctionVersion: '$LATEST',
      Qualifier: '$LATEST',
      Handler: record.handler,
      CodeInfo: '',
      CodeSize: record.code.length,
      CodeResult: 'success',
      CodeError: '',
      MemorySize: record.memorySize,
      Timeout: record.timeout,
      Role: record.role,
      VpcConfig: { VpcId: record.vpc.vpcId, SubnetId: record.vpc.subnetId },
      PublicNetConfig: {
        PublicNetStatus: record.publicNetwork,
        EipConfig: { EipStatus: 'DISABLE', EipAddress: [] },
      },
      Environment: {
        Variables: [...record.environment].map(([Key, Value]) => ({ Key, Value })),
      },
      Triggers: record.triggers.map(describeTrigger),
    };
  },
);

/** https://cloud.tencent.com/document/api/583/18582: at most ten filters, all of which must match. */
export const listFunctions = defineAction(
  (integer) => ({
    Namespace: v.optional(text, 'default'),
    Offset: v.optional(v.pipe(integer, v.minValue(0)), 0),
    Limit: v.optional(v.pipe(integer, v.minValue(1), v.maxValue(100)), 20),
    Order: v.optional(text),
    Orderby: v.optional(text),
    SearchKey: v.optional(text, ''),
    Filters: v.optional(
      v.pipe(v.array(v.strictObject({ Name: text, Values: v.array(text) })), v.maxLength(10)),
      [],
    ),
  }),
  (context, input) => {
    const found = [...context.state.functions.values()].filter((record) => {
      const tags = context.state.tags.get(functionResource(record));
      const fits = ({ Name, Values }: { Name: string; Values: readonly string[] }) => {
        if (!Name.startsWith('tag-')) return Values.includes(record.name);
        return Values.includes(tags?.get(Name.slice('tag-'.length)) ?? '');
      };
      const isHere = record.region === context.region && record.namespace === input.Namespace;
      return isHere && record.name.includes(input.SearchKey) && input.Filters.every(fits);
    });
    const page = found.slice(input.Offset, input.Offset + input.Limit);
    return {
      Functions: page.map((record) => summarise(context, record)),
      TotalCount: found.length,
    };
  },
);

/** https://cloud.tencent.com/document/api/583/17243 */
export const invoke = defineAction(
  () => ({
    ...name,
    InvocationType: v.optional(v.picklist(['RequestResponse', 'Event'])),
    Qualifier: v.optional(text),
    ClientContext: v.optional(text, '{}'),
    LogType: v.optional(v.picklist(['None', 'Tail'])),
    RoutingKey: v.optional(text),
  }),
  async (context, input) => {
    const record = findFunction(context, input.FunctionName, input.Namespace);
    if (record.status === 'Creating') demandIdle(record, 'InvokeFunction');
    const startedAt = performance.now();
    const outcome = await runFunction(record, parseClientContext(input.ClientContext));
    const milliseconds = Math.ceil(performance.now() - startedAt);
    return {
      Result: {
        Log: input.LogType === 'Tail' ? outcome.log : '',
        RetMsg: outcome.ok ? JSON.stringify(outcome.value) : '',
        ErrMsg: outcome.ok ? '' : outcome.message,
        InvokeResult: outcome.ok ? 0 : -1,
        ...{ MemUsage: 0, Duration: milliseconds, BillDuration: milliseconds },
        FunctionRequestId: '3b1d5b1e-6c61-4b6f-9c10-2b9f64e1f0aa',
      },
    };
  },
);

/** https://cloud.tencent.com/document/api/583/18583: there is no log yet. */
export const getFunctionLogs = defineAction(
  (integer) => ({
    ...name,
    Offset: v.optional(integer),
    Limit: v.optional(integer),
    StartTime: v.optional(text),
    EndTime: v.optional(text),
    Filter: v.optional(v.looseObject({})),
    Qualifier: v.optional(text),
  }),
  (context, input) => {
    findFunction(context, input.FunctionName, input.Namespace);
    return { Data: [], TotalCount: 0, SearchContext: null };
  },
);

function summarise({ state }: ActionContext, record: FunctionRecord): ApiAnswer {
  const tags = state.tags.get(functionResource(record)) ?? new Map<string, string>();
  return {
    FunctionName: record.name,
    FunctionId: record.functionId,
    Namespace: record.namespace,
    Runtime: record.runtime,
    Description: record.description,
    Type: 'Event',
    Status: readStatus(record),
    StatusDesc: record.statusReason,
    StatusReasons:
      record.statusReason === ''
        ? []
        : [{ ErrorCode: 'InvalidParameterValue', ErrorMessage: record.statusReason }],
    AddTime: record.addTime,
    ModTime: record.modTime,
    Tags: [...tags].map(([Key, Value]) => ({ Key, Value })),
  };
}

function checkRole({ state }: ActionContext, role: string): void {
  if (role === '' || state.roles.has(role)) return;
  throw new CloudError('ResourceNotFound.Role', `There is no role ${role}`);
}

function readVpc(given: { VpcId: string; SubnetId: string } | undefined): FunctionRecord['vpc'] {
  return { vpcId: given?.VpcId ?? '', subnetId: given?.SubnetId ?? '' };
}

function parseClientContext(given: string): unknown {
  const result = v.safeParse(v.pipe(text, v.parseJson()), given);
  if (result.success) return result.output;
  throw new CloudError('InvalidParameter.Payload', 'ClientContext is not JSON');
}
