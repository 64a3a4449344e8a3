import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { absent } from '../../absent.ts';
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

/** One small JSON file per object, named by the hash of bucket and key, so that no key can point to another path. */
export interface ObjectManifests {
  find(name: ObjectName): Promise<ObjectManifest | undefined>;
  /** Replaces the object with this name atomically. */
  write(manifest: ObjectManifest): Promise<void>;
  remove(name: ObjectName): Promise<void>;
  /** Returns the names of all directories with parts of objects. */
  blobs(): Promise<ReadonlySet<string>>;
}

/** Returns the manifests in `directory`, which must exist. */
export function openManifests(directory: string): ObjectManifests {
  const read = (file: string) => readJsonFile(join(directory, file), MANIFEST);
  return {
    find: (name) => read(fileOf(name)),
    write: (manifest) => writeJsonFile(join(directory, fileOf(manifest)), manifest),
    remove: (name) => rm(join(directory, fileOf(name)), { force: true }),
    async blobs() {
      const names = (await readdir(directory).catch(absent)) ?? [];
      const blobs = new Set<string>();
      for (const name of names.filter((file) => file.endsWith('.json'))) {
        const manifest = await read(name);
        if (manifest !== undefined) blobs.add(manifest.blob);
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
