import { Readable } from 'node:stream';
import type {
  ObjectName,
  ObjectStore,
  StoredObject,
} from '../../../../../tools/local/emulator/storage/objects.ts';

/** Objects in memory, with the methods that a Commit needs. */
export interface MemoryObjects extends Pick<ObjectStore, 'find' | 'read'> {
  /** Stores bytes under a storage path with its leading slash. */
  store(storagePath: string, bytes: Buffer): void;
}

const BUCKET = 'vodlocal01-1250000001';

/** Returns a store without objects. */
export function createMemoryObjects(): MemoryObjects {
  const kept = new Map<string, { object: StoredObject; bytes: Buffer }>();
  const nameOf = ({ bucket, key }: ObjectName) => `${bucket}/${key}`;
  return {
    store(storagePath, bytes) {
      const object: StoredObject = {
        bucket: BUCKET,
        key: storagePath.slice(1),
        size: bytes.length,
        etag: '"etag"',
        contentType: 'application/octet-stream',
        lastModified: '2026-01-01T00:00:00.000Z',
        parts: [],
      };
      kept.set(nameOf(object), { object, bytes });
    },
    find: async (name) => kept.get(nameOf(name))?.object,
    read(object, start, end) {
      const bytes = kept.get(nameOf(object))?.bytes ?? Buffer.alloc(0);
      return Readable.from([bytes.subarray(start, end + 1)]);
    },
  };
}
