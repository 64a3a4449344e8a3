import type { ActivityLog } from '../../activity.ts';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { KnownNames } from '../known-names.ts';
import type { MediaMetaData } from '../metadata.ts';
import type { Media, ProcessingWish, State } from '../state.ts';
import type { ObjectStore, StoredObject } from '../storage/objects.ts';

/** Dependencies of client uploads. */
export interface UgcDependencies {
  readonly account: Account;
  /** Origin of the addresses of media: scheme, host and port of this machine's server. */
  readonly origin: string;
  readonly state: State;
  readonly objects: Pick<ObjectStore, 'find'>;
  readonly faults: Faults;
  readonly names: KnownNames;
  readonly activity: ActivityLog;
  readonly now: () => Date;
  /** The clock that `now` reads. */
  readonly clock: Clock;
  /** Returns an object's technical metadata, null if it cannot be read; never throws. */
  probe(object: StoredObject): Promise<MediaMetaData | null>;
  /** Called for each new media before the state is saved; records the consequences in the state. */
  recordUpload(media: Media, wish: ProcessingWish): void;
  /** Called after the state was saved. */
  startRecorded(): void;
}

/** Returns Unix seconds. */
export function secondsOf(now: () => Date): number {
  return Math.floor(now().getTime() / 1_000);
}

/** Returns the full name of the account's COS bucket. */
export function bucketOf(account: Account): string {
  return `${account.storageBucket}-${account.storageAppId}`;
}
