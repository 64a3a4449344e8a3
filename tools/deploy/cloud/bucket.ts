import COS from 'cos-nodejs-sdk-v5';
import { defined } from '../../../lib/validation/json-object.ts';
import { DeployError } from '../deploy-error.ts';
import type { CloudAccess } from './api.ts';

/** An object of the bucket. */
interface StoredObject {
  readonly key: string;
  /** ISO 8601. */
  readonly storedAt: string;
}

/** The bucket that stores code for SCF. */
export interface Bucket {
  /** Stores an object, and creates the bucket if it is missing; returns false if the object exists already. */
  readonly store: (key: string, content: Buffer) => Promise<boolean>;
  /** Returns the bytes of an object. */
  readonly read: (key: string) => Promise<Buffer>;
  /** Returns the objects whose keys begin with `prefix`; none where there is no bucket. */
  readonly list: (prefix: string) => Promise<readonly StoredObject[]>;
  readonly delete: (key: string) => Promise<void>;
  /** Removes the bucket; returns false if it is not empty or does not exist. */
  readonly remove: () => Promise<boolean>;
}

/**
 * Returns the bucket with this name.
 *
 * @param name with the account's number at its end.
 * @throws {DeployError} in each of its functions, where a call fails.
 */
export function openBucket(name: string, access: CloudAccess): Bucket {
  const { secretId, secretKey, token } = access.credentials;
  const cos = new COS({
    SecretId: secretId,
    SecretKey: secretKey,
    ...defined({ SecurityToken: token }),
  });
  const place = { Bucket: name, Region: access.region };
  const ask = <Result>(what: string, call: () => Promise<Result>) => describe(what, call, access);

  const exists = async (what: string, head: () => Promise<unknown>) =>
    (await ask(what, () => unless([404], head))) !== undefined;

  return {
    store: async (key, content) => {
      if (!(await exists(`looking for bucket ${name}`, () => cos.headBucket(place)))) {
        await ask(`making bucket ${name}`, () => cos.putBucket(place));
      }
      const object = { ...place, Key: key };
      if (await exists(`looking for ${key}`, () => cos.headObject(object))) return false;
      await ask(`storing ${key}`, () => cos.putObject({ ...object, Body: content }));
      return true;
    },
    read: async (key) =>
      (await ask(`reading ${key}`, () => cos.getObject({ ...place, Key: key }))).Body,
    list: (prefix) =>
      ask(`listing bucket ${name}`, async () => (await listAll(cos, place, prefix)) ?? []),
    delete: async (key) => {
      await ask(`deleting ${key}`, () =>
        unless([404], () => cos.deleteObject({ ...place, Key: key })),
      );
    },
    remove: async () =>
      (await ask(`deleting bucket ${name}`, () =>
        unless([404, 409], () => cos.deleteBucket(place)),
      )) !== undefined,
  };
}

interface Place {
  readonly Bucket: string;
  readonly Region: string;
}

async function listAll(
  cos: COS,
  place: Place,
  prefix: string,
): Promise<readonly StoredObject[] | undefined> {
  const all: StoredObject[] = [];
  for (;;) {
    // The page after one without `NextMarker` begins after its last key.
    const request = { ...place, Prefix: prefix, Marker: all.at(-1)?.key ?? '' };
    const page = await unless([404], () => cos.getBucket(request));
    if (page === undefined) return undefined;
    all.push(
      ...page.Contents.map(({ Key, LastModified }) => ({ key: Key, storedAt: LastModified })),
    );
    if (page.IsTruncated !== 'true' || page.Contents.length === 0) return all;
  }
}

/** Returns the result of `call`, or undefined where the answer has one of the HTTP statuses. */
async function unless<Result>(
  statuses: readonly number[],
  call: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    if (statuses.includes(Number(readProperty(error, 'statusCode')))) return undefined;
    throw error;
  }
}

async function describe<Result>(
  what: string,
  call: () => Promise<Result>,
  { hide }: CloudAccess,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw new DeployError(`COS failed at ${what}: ${hide(readReason(error))}`, { cause: error });
  }
}

/** The SDK throws an error of Node's where there is no answer, and COS's own error otherwise. */
function readReason(error: unknown): string {
  const inner = readProperty(error, 'error');
  const parts = [readProperty(inner, 'Code'), readProperty(inner, 'Message')].filter(
    (part) => typeof part === 'string' && part !== '',
  );
  if (parts.length > 0) return parts.join(': ');
  const status = readProperty(error, 'statusCode');
  if (status !== undefined) return `the HTTP status ${String(status)}`;
  return error instanceof Error ? error.message : 'there was no answer';
}

function readProperty(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
