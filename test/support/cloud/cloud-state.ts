import type { FunctionRecord } from './scf/function-record.ts';

/** An object of the storage. */
export interface StoredObject {
  readonly body: Buffer;
  readonly etag: string;
  readonly lastModified: Date;
  readonly headers: Readonly<Record<string, string>>;
}

/** A bucket of the storage, with its objects by key. */
export interface Bucket {
  readonly region: string;
  readonly createdAt: Date;
  readonly objects: Map<string, StoredObject>;
}

/** All that the cloud stores for the account. */
export interface CloudState {
  /** By region, namespace and name: see `functionKey`. */
  functions: Map<string, FunctionRecord>;
  /** By name with the account's id. */
  buckets: Map<string, Bucket>;
  /** By resource, such as `qcs::scf:ap-singapore::lam/lam-1`. */
  tags: Map<string, Map<string, string>>;
  /** Policies by role. */
  roles: Map<string, Set<string>>;
}

/** Returns a cloud that contains only what every account with SCF has. */
export function createCloudState(): CloudState {
  return {
    functions: new Map(),
    buckets: new Map(),
    tags: new Map(),
    roles: new Map(),
  };
}

/** Returns all that a cloud stores, so that it can be restored. */
export function copyCloudState(state: CloudState): CloudState {
  return {
    functions: copyMap(state.functions, (record) => ({ ...record })),
    buckets: copyMap(state.buckets, (bucket) => ({ ...bucket, objects: new Map(bucket.objects) })),
    tags: copyMap(state.tags, (tags) => new Map(tags)),
    roles: copyMap(state.roles, (policies) => new Set(policies)),
  };
}

function copyMap<Value>(map: Map<string, Value>, copy: (value: Value) => Value) {
  return new Map([...map].map(([key, value]) => [key, copy(value)]));
}
