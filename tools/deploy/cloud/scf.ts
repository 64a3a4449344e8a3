import * as v from 'valibot';
import { defined } from '../../../lib/validation/json-object.ts';
import { DeployError } from '../deploy-error.ts';
import type { FunctionSpec } from '../service.ts';
import type { TriggerSpec } from '../triggers.ts';
import { type CloudApi, CloudRefusal } from './api.ts';
import { type FunctionState, functionState } from './function-state.ts';
import { type TriggerState, triggerState, writeTriggerDescription } from './trigger-state.ts';

/** https://cloud.tencent.com/document/product/583/35913 */
const NAMESPACE = 'default';
/** The alias of the newest code, unless someone publishes versions: https://cloud.tencent.com/document/product/583/36149. */
const QUALIFIER = '$DEFAULT';
const PAGE = 100;

const triggerPage = v.object({
  Triggers: v.optional(v.nullable(v.array(triggerState))),
  TotalCount: v.number(),
});
const functionPage = v.object({
  Functions: v.optional(v.nullable(v.array(v.object({ FunctionName: v.string() })))),
  TotalCount: v.number(),
});

/** Where a function's code is. */
export interface CodeObject {
  /** Bucket without the account's number. */
  readonly bucket: string;
  readonly region: string;
  readonly key: string;
}

/** The properties of a function, without its code: https://cloud.tencent.com/document/product/583/18580. */
export interface Configuration {
  readonly Description: string;
  readonly MemorySize: number;
  readonly Timeout: number;
  readonly Runtime: string;
  readonly Role?: string;
  readonly VpcConfig?: { readonly VpcId: string; readonly SubnetId: string };
  readonly PublicNetConfig?: {
    readonly PublicNetStatus: 'ENABLE';
    readonly EipConfig: { readonly EipStatus: 'DISABLE' };
  };
  readonly Environment: {
    readonly Variables: readonly { readonly Key: string; readonly Value: string }[];
  };
}

/** The calls of SCF's API that a deployment makes: https://cloud.tencent.com/document/product/583/17235. */
export interface Scf {
  readonly readFunction: (name: string) => Promise<FunctionState | undefined>;
  /** Returns the names of the functions with all of `tags`. */
  readonly listFunctions: (tags: Tags) => Promise<readonly string[]>;
  readonly createFunction: (
    spec: Pick<FunctionSpec, 'name' | 'handler'>,
    configuration: Configuration,
    code: CodeObject,
    tags: Tags,
  ) => Promise<void>;
  readonly updateCode: (
    spec: Pick<FunctionSpec, 'name' | 'handler'>,
    code: CodeObject,
  ) => Promise<void>;
  readonly updateConfiguration: (name: string, configuration: Configuration) => Promise<void>;
  /** Returns false if it does not exist. */
  readonly deleteFunction: (name: string) => Promise<boolean>;
  /** Calls the function and returns the API's answer. */
  readonly invoke: (name: string, event: string | undefined) => Promise<unknown>;
  /** Returns an empty list if the function does not exist. */
  readonly listTriggers: (name: string) => Promise<readonly TriggerState[]>;
  readonly createTrigger: (name: string, spec: TriggerSpec) => Promise<void>;
  /** Changes a Function URL and keeps its address. */
  readonly updateUrl: (name: string, spec: TriggerSpec, state: TriggerState) => Promise<void>;
  /** Returns false if it does not exist. */
  readonly deleteTrigger: (name: string, state: TriggerState) => Promise<boolean>;
}

/** Tags by key. */
export type Tags = Readonly<Record<string, string>>;

/** Returns SCF's API in the terms of a deployment. */
export function createScf(api: CloudApi): Scf {
  const change = async (action: string, parameters: object) => {
    await api.call(action, { Namespace: NAMESPACE, ...parameters });
  };
  const read = async <TSchema extends v.GenericSchema>(
    schema: TSchema,
    action: string,
    parameters: object,
  ): Promise<v.InferOutput<TSchema>> => {
    const answer = await api.call(action, { Namespace: NAMESPACE, ...parameters });
    const result = v.safeParse(schema, answer);
    if (result.success) return result.output;
    throw new DeployError(`${action} answered without ${v.getDotPath(result.issues[0])}.`);
  };
  return {
    ...functionCalls(change, read),
    ...triggerCalls(change, read),
    invoke: (FunctionName, ClientContext) =>
      api.call('Invoke', {
        ...{ FunctionName, Namespace: NAMESPACE, LogType: 'Tail' },
        ...defined({ ClientContext }),
      }),
  };
}

type Change = (action: string, parameters: object) => Promise<void>;
type Read = <TSchema extends v.GenericSchema>(
  schema: TSchema,
  action: string,
  parameters: object,
) => Promise<v.InferOutput<TSchema>>;

function functionCalls(change: Change, read: Read) {
  return {
    readFunction: (FunctionName) =>
      unlessGone(() => read(functionState, 'GetFunction', { FunctionName, ShowCode: 'FALSE' })),
    listFunctions: (tags) =>
      readPages(async (page) => {
        const Filters = Object.entries(tags).map(([key, value]) => ({
          Name: `tag-${key}`,
          Values: [value],
        }));
        const answer = await read(functionPage, 'ListFunctions', { Filters, ...page });
        const names = (answer.Functions ?? []).map(({ FunctionName }) => FunctionName);
        return { items: names, total: answer.TotalCount };
      }),
    createFunction: ({ name, handler }, configuration, code, tags) =>
      change('CreateFunction', {
        FunctionName: name,
        Handler: handler,
        Code: describeCode(code),
        ...configuration,
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    updateCode: ({ name, handler }, code) =>
      change('UpdateFunctionCode', {
        FunctionName: name,
        Handler: handler,
        ...describeCode(code),
      }),
    updateConfiguration: (FunctionName, configuration) =>
      change('UpdateFunctionConfiguration', { FunctionName, ...configuration }),
    deleteFunction: (FunctionName) =>
      unlessMissing(() => change('DeleteFunction', { FunctionName })),
  } satisfies Partial<Scf>;
}

function triggerCalls(change: Change, read: Read) {
  return {
    listTriggers: async (FunctionName) => {
      const triggers = await unlessGone(() =>
        readPages(async (page) => {
          const answer = await read(triggerPage, 'ListTriggers', { FunctionName, ...page });
          return { items: answer.Triggers ?? [], total: answer.TotalCount };
        }),
      );
      return triggers ?? [];
    },
    createTrigger: (FunctionName, spec) =>
      change('CreateTrigger', {
        FunctionName,
        TriggerName: spec.name,
        Type: spec.type,
        Qualifier: QUALIFIER,
        Enable: spec.enable ? 'OPEN' : 'CLOSE',
        TriggerDesc: writeTriggerDescription(spec),
      }),
    updateUrl: (FunctionName, spec, { TriggerName, Qualifier }) =>
      change('UpdateTrigger', {
        FunctionName,
        TriggerName,
        Type: spec.type,
        Qualifier: Qualifier ?? QUALIFIER,
        Enable: spec.enable ? 'OPEN' : 'CLOSE',
        TriggerDesc: writeTriggerDescription(spec),
      }),
    deleteTrigger: (FunctionName, { TriggerName, Type, TriggerDesc, Qualifier }) =>
      unlessMissing(() =>
        change('DeleteTrigger', {
          FunctionName,
          TriggerName,
          Type,
          Qualifier: Qualifier ?? QUALIFIER,
          TriggerDesc: TriggerDesc ?? '',
        }),
      ),
  } satisfies Partial<Scf>;
}

function describeCode({ bucket, region, key }: CodeObject) {
  return { CosBucketName: bucket, CosBucketRegion: region, CosObjectName: `/${key}` };
}

async function readPages<Item>(
  readPage: (page: {
    readonly Limit: number;
    readonly Offset: number;
  }) => Promise<{ readonly items: readonly Item[]; readonly total: number }>,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  for (;;) {
    const { items, total } = await readPage({ Limit: PAGE, Offset: all.length });
    all.push(...items);
    if (items.length === 0 || all.length >= total) return all;
  }
}

async function unlessGone<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function unlessMissing(remove: () => Promise<void>): Promise<boolean> {
  try {
    await remove();
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Such as `ResourceNotFound.Function` or `ResourceNotFound.Trigger`. */
function isMissing(error: unknown): boolean {
  return error instanceof CloudRefusal && error.code.startsWith('ResourceNotFound');
}
