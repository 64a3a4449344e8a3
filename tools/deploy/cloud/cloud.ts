import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../service.ts';
import type { Pause } from '../wait-until-active.ts';
import { type CloudAccess, createCloudApi, readAppId } from './api.ts';
import { type Bucket, openBucket } from './bucket.ts';
import { createScf, type Scf, type Tags } from './scf.ts';

/** What the commands work on. */
export interface Cloud {
  readonly scf: Scf;
  readonly bucket: Bucket;
  /** Name of the bucket without the account's number, as SCF expects it. */
  readonly bucketName: string;
  readonly pause: Pause;
  /** Tells the user about a finished step. */
  readonly note: (text: string) => void;
}

/** Returns the access to the cloud for a service. */
export async function openCloud(
  service: Pick<Service, 'bucket' | 'region'>,
  access: CloudAccess,
  note: Cloud['note'],
): Promise<Cloud> {
  const bucketName = service.bucket ?? ownBucketOf(service);
  const appId = await readAppId(createCloudApi('cam', access));
  return {
    scf: createScf(createCloudApi('scf', access)),
    bucket: openBucket(`${bucketName}-${appId}`, access),
    bucketName,
    pause: sleep,
    note,
  };
}

/** Returns the bucket that serverless-tencent-scf uses where the file names none. */
function ownBucketOf({ region }: Pick<Service, 'region'>): string {
  return `sls-cloudfunction-${region}`;
}

/** Returns the tags that serverless-tencent-scf gives its functions, by which its other commands find them. */
export function tagsOf(service: Pick<Service, 'name' | 'stage'>): Tags {
  return { CLI: 'Serverless', ...searchTagsOf(service) };
}

/** Returns the tags by which a service's functions are found. */
export function searchTagsOf({ name, stage }: Pick<Service, 'name' | 'stage'>): Tags {
  return { Application: name, Stage: stage };
}
