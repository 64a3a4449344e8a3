import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Faults } from '../faults.ts';
import type { ObjectStore } from './objects.ts';
import type { SpeedLimit } from './speed-limit.ts';
import type { Query } from './uri-text.ts';

/** What the storage operations work with. */
export interface StorageServices {
  readonly objects: ObjectStore;
  readonly faults: Faults;
  readonly speed: SpeedLimit;
}

/** The parts of an authorized request. */
export interface StorageCall {
  /** Cloud host, such as `vodlocal01-1250000001.cos.ap-singapore.myqcloud.com`. */
  readonly host: string;
  readonly bucket: string;
  /** Decoded, without a leading slash. */
  readonly key: string;
  readonly query: Query;
  readonly incoming: IncomingMessage;
}

/** The answer of an operation. */
export interface StorageAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Readable;
  /** What the live list shows in addition to the operation, the key and the status. */
  readonly report?: {
    readonly uploadId?: string;
    readonly partNumber?: number;
    readonly bytes?: number;
  };
}

/** Performs one COS operation. @throws CosError if it is refused. */
export type StorageOperation = (
  services: StorageServices,
  call: StorageCall,
) => Promise<StorageAnswer>;
