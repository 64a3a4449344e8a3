import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import type { ObjectName } from './objects.ts';

const MANIFEST = v.object({
  bucket: v.string(),
  key: v.string(),
  size: v.number(),
  etag: v.string(),
  contentType: v.string(),
  lastModified: v.string(),
  crc64: v.exactOptional(v.string()),
  blob: v.string(),
  parts: v.array(v.object({ file: v.string(), size: v.number() })),
});

/** The manifest of an object: `parts` are files in the directory `blob`. */
export type ObjectManifest = v.InferOutput<typeof MANIFEST>;

/** Files that are read at once: few, since requests are answered meanwhile. */
const PARALLEL_READS = 4;

/** One small JSON file per object, named by the hash of bucket and key, so that no key can point to another path. */
export interface ObjectManifests {
  find(name: ObjectName): Promise<ObjectManifest | undefined>;
  /** Replaces the object with this name atomically. */
  write(manifest: ObjectManifest): Promise<void>;
  remove(name: ObjectName): Promise<void>;
  /** Reads all of them, and returns the names of the directories with parts of objects. */
  blobs(signal: AbortSignal): Promise<ReadonlySet<string>>;
}

/** Returns the manifests in `directory`, which must exist. */
export function openManifests(directory: string): ObjectManifests {
  const read = (file: string) => readJsonFile(join(directory, file), MANIFEST);
  return {
    find: (name) => read(fileOf(name)),
    write: (manifest) => writeJsonFile(join(directory, fileOf(manifest)), manifest),
    remove: (name) => rm(join(directory, fileOf(name)), { force: true }),
    async blobs(signal) {
      const names = (await readdir(directory)).filter((file) => file.endsWith('.json'));
      const blobs = new Set<string>();
      for (let index = 0; index < names.length; index += PARALLEL_READS) {
        signal.throwIfAborted();
        const some = names.slice(index, index + PARALLEL_READS);
        for (const manifest of await Promise.all(some.map(read))) {
          if (manifest !== undefined) blobs.add(manifest.blob);
        }
      }
      return blobs;
    },
  };
}

function fileOf({ bucket, key }: ObjectName): string {
  return `${createHash('sha256')
    .update(JSON.stringify([bucket, key]))
    .digest('hex')}.json`;
}
