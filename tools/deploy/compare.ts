import { defined } from '../../lib/validation/json-object.ts';
import type { FunctionState } from './cloud/function-state.ts';
import type { Configuration } from './cloud/scf.ts';
import { findTrigger, isUpToDate, type TriggerState } from './cloud/trigger-state.ts';
import { describeWithDigest, readDigest } from './code.ts';
import type { FunctionSpec } from './service.ts';
import type { TriggerSpec } from './triggers.ts';

/** Returns the wanted configuration of a function whose code has the digest. */
export function describeConfiguration(spec: FunctionSpec, digest: string): Configuration {
  const { description, memorySize, timeout, runtime, role, vpc, environment } = spec;
  return {
    Description: describeWithDigest(description, digest),
    MemorySize: memorySize,
    Timeout: timeout,
    Runtime: runtime,
    ...defined({ Role: role }),
    ...(vpc === undefined
      ? {}
      : {
          VpcConfig: { VpcId: vpc.vpcId, SubnetId: vpc.subnetId },
          // VOD's API and webhooks are outside: https://cloud.tencent.com/document/product/583/38377.
          PublicNetConfig: { PublicNetStatus: 'ENABLE', EipConfig: { EipStatus: 'DISABLE' } },
        }),
    Environment: {
      Variables: Object.entries(environment).map(([Key, Value]) => ({ Key, Value })),
    },
  };
}

/**
 * Returns `configuration` with empty values for a role and a network, which remove those that the function no longer
 * has in the file.
 */
export function clearWhatLeft(configuration: Configuration, state: FunctionState): Configuration {
  return {
    ...(isGiven(state.Role) ? { Role: '' } : {}),
    ...(isGiven(state.VpcConfig?.VpcId) ? { VpcConfig: { VpcId: '', SubnetId: '' } } : {}),
    ...configuration,
  };
}

/** Returns whether the function's code differs from the wanted code. */
export function differsInCode(spec: FunctionSpec, digest: string, state: FunctionState): boolean {
  return readDigest(state.Description) !== digest || state.Handler !== spec.handler;
}

/** Returns, in words, the parts of a function's configuration that differ from `wanted`. */
export function listDifferences(wanted: Configuration, state: FunctionState): readonly string[] {
  const isSame = {
    description: state.Description === wanted.Description,
    memory: state.MemorySize === wanted.MemorySize,
    timeout: state.Timeout === wanted.Timeout,
    role: (state.Role ?? '') === (wanted.Role ?? ''),
    network: isSameNetwork(wanted, state),
    environment: isSameEnvironment(wanted, state),
  };
  return Object.entries(isSame)
    .filter(([, same]) => !same)
    .map(([part]) => part);
}

function isSameNetwork(wanted: Configuration, state: FunctionState): boolean {
  const { VpcId, SubnetId } = wanted.VpcConfig ?? { VpcId: '', SubnetId: '' };
  if ((state.VpcConfig?.VpcId ?? '') !== VpcId) return false;
  if ((state.VpcConfig?.SubnetId ?? '') !== SubnetId) return false;
  return (
    wanted.PublicNetConfig === undefined || state.PublicNetConfig?.PublicNetStatus !== 'DISABLE'
  );
}

function isSameEnvironment(wanted: Configuration, state: FunctionState): boolean {
  const there = new Map(
    (state.Environment?.Variables ?? []).map(({ Key, Value }) => [Key, Value] as const),
  );
  const { Variables } = wanted.Environment;
  return (
    there.size === Variables.length && Variables.every(({ Key, Value }) => there.get(Key) === Value)
  );
}

function isGiven(text: string | null | undefined): boolean {
  return text !== undefined && text !== null && text !== '';
}

/** Changes that the triggers of a function need. */
export interface TriggerChanges {
  readonly create: readonly TriggerSpec[];
  readonly update: readonly { readonly spec: TriggerSpec; readonly state: TriggerState }[];
  readonly remove: readonly TriggerState[];
}

/** Returns the changes that turn the triggers of a function into `specs`. */
export function compareTriggers(
  specs: readonly TriggerSpec[],
  states: readonly TriggerState[],
): TriggerChanges {
  const pairs = specs.map((spec) => ({ spec, state: findTrigger(spec, states) }));
  const kept = new Set(pairs.map(({ state }) => state));
  return {
    create: pairs.filter(({ state }) => state === undefined).map(({ spec }) => spec),
    update: pairs.flatMap(({ spec, state }) =>
      state === undefined || isUpToDate(spec, state) ? [] : [{ spec, state }],
    ),
    remove: states.filter((state) => !kept.has(state)),
  };
}
