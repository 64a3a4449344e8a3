import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defined } from '../../../../lib/validation/json-object.ts';
import { type ObjectManifest, type ObjectManifests, openManifests } from './object-manifests.ts';
import { readObject } from './object-reader.ts';
import type { ObjectName, ObjectStore, OpenUpload, StoredObject } from './objects.ts';
import {
  crc64Of,
  etagOf,
  latestParts,
  type NextOrder,
  type PartFile,
  readPartFiles,
  removeDrafts,
  toStoredPart,
  writePartFile,
} from './part-files.ts';
import { startTidying, type Tidying } from './tidying.ts';
import { openUploadRecords, type UploadRecords } from './upload-records.ts';

/** How long an upload may stay open, in milliseconds: the Web SDK never aborts an upload that a user cancels. */
export const OPEN_UPLOAD_LIFE_MS = 24 * 60 * 60 * 1000;

interface Files {
  readonly blob: (id: string) => string;
  readonly manifests: ObjectManifests;
  readonly uploads: UploadRecords;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly nextOrder: NextOrder;
  /** Runs `work` after all earlier calls have ended: objects change one at a time. */
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** The objects of a folder. */
export interface OpenObjects extends ObjectStore, Tidying {}

/**
 * Returns the objects in `dir`, which is created if it does not exist. Uploads that have been open for a day are removed
 * first; the time of a start does not depend on the number of objects, except for one list of folders.
 */
export async function openObjects(
  dir: string,
  now: () => Date = () => new Date(),
  random: (bytes: number) => Buffer = randomBytes,
): Promise<OpenObjects> {
  const blobs = join(dir, 'blobs');
  const open = join(dir, 'uploads');
  const objects = join(dir, 'objects');
  for (const directory of [blobs, open, objects]) await mkdir(directory, { recursive: true });
  const blob = (id: string) => join(blobs, id);
  const manifests = openManifests(objects);
  const uploads = await openUploadRecords(open, blobs);
  const highest = await tidyUploads(blob, uploads);

  const files: Files = {
    ...{ blob, manifests, uploads, now },
    newId: () => now().getTime().toString(16).padStart(12, '0') + random(10).toString('hex'),
    nextOrder: orderAfter(highest, now),
    inTurn: queue(),
  };
  const oldest = now().getTime() - OPEN_UPLOAD_LIFE_MS;
  for (const { uploadId, initiated } of uploads.listOpen()) {
    if (Date.parse(initiated) < oldest) await abort(files, uploadId);
  }
  const tidying = await startTidying({
    ...{ sign: join(dir, 'closed'), blobs, manifests },
    open: new Set(uploads.listOpen().map(({ uploadId }) => uploadId)),
    remove: (id) => removeBlob(files, id),
  });
  return { ...storeOf(files), ...tidying };
}

/** Removes what interrupted writers left in the folders of open uploads. Returns the highest order of a part there. */
async function tidyUploads(blob: Files['blob'], uploads: UploadRecords): Promise<number> {
  let highest = 0;
  for (const { uploadId } of uploads.listOpen()) {
    await removeDrafts(blob(uploadId));
    for (const part of await readPartFiles(blob(uploadId))) {
      highest = Math.max(highest, part.order);
    }
  }
  return highest;
}

function orderAfter(highest: number, now: () => Date): NextOrder {
  let last = highest;
  return () => {
    last = Math.max(last + 1, now().getTime() * 1000);
    return last;
  };
}

function queue(): Files['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}

function storeOf(files: Files): ObjectStore {
  const { blob, manifests, uploads, newId, nextOrder, inTurn } = files;
  return {
    async put(name, body, length, contentType) {
      body.on('error', leaveToReader);
      const id = newId();
      await mkdir(blob(id));
      try {
        const part = await writePartFile(blob(id), 1, body, length, nextOrder);
        const made = manifestOf(name, id, contentType, [part], `"${part.md5}"`, files.now());
        return await inTurn(() => commit(files, made));
      } catch (error) {
        await removeBlob(files, id);
        throw error;
      }
    },
    async initiate({ bucket, key }, contentType) {
      const initiated = files.now().toISOString();
      const upload: OpenUpload = { uploadId: newId(), bucket, key, contentType, initiated };
      await mkdir(blob(upload.uploadId));
      await uploads.write(upload);
      return upload;
    },
    async findUpload(uploadId) {
      return uploads.findOpen(uploadId);
    },
    async listUploads(bucket, prefix) {
      return uploads.listBelow(bucket, prefix);
    },
    async putPart(uploadId, partNumber, body, length) {
      body.on('error', leaveToReader);
      demandOpen(uploads, uploadId);
      return toStoredPart(await writePartFile(blob(uploadId), partNumber, body, length, nextOrder));
    },
    async listParts(uploadId) {
      demandOpen(uploads, uploadId);
      return [...latestParts(await readPartFiles(blob(uploadId))).values()].map(toStoredPart);
    },
    complete: (uploadId, partNumbers) => inTurn(() => complete(files, uploadId, partNumbers)),
    findCompleted: (uploadId) => findCompleted(files, uploadId),
    abort: (uploadId) => inTurn(() => abort(files, uploadId)),
    async find(name) {
      const manifest = await manifests.find(name);
      return manifest && toStoredObject(files, manifest);
    },
    read: readObject,
    remove: (name) => inTurn(() => remove(files, name)),
  };
}

/**
 * A body may fail before it is read. The reader gets the error later; without a listener, the event would end the
 * process.
 */
function leaveToReader(): void {}

function demandOpen(uploads: UploadRecords, uploadId: string): OpenUpload {
  const upload = uploads.findOpen(uploadId);
  if (upload === undefined) throw new Error(`There is no open upload ${uploadId}`);
  return upload;
}

async function complete(files: Files, uploadId: string, partNumbers: readonly number[]) {
  const done = await findCompleted(files, uploadId);
  if (done !== undefined) return done;
  const upload = demandOpen(files.uploads, uploadId);
  const stored = latestParts(await readPartFiles(files.blob(uploadId)));
  const parts = partNumbers.map((partNumber) => {
    const part = stored.get(partNumber);
    if (part === undefined) throw new Error(`Upload ${uploadId} has no part ${partNumber}`);
    return part;
  });
  const etag = etagOf(parts);
  const { contentType } = upload;
  const manifest = manifestOf(upload, uploadId, contentType, parts, etag, files.now());
  const object = await commit(files, manifest);
  await files.uploads.close(uploadId);
  return object;
}

async function findCompleted(files: Files, uploadId: string): Promise<StoredObject | undefined> {
  const upload = await files.uploads.findCompleted(uploadId);
  const manifest = upload && (await files.manifests.find(upload));
  return manifest?.blob === uploadId ? toStoredObject(files, manifest) : undefined;
}

async function abort(files: Files, uploadId: string): Promise<void> {
  const upload = files.uploads.findOpen(uploadId);
  if (upload === undefined) return;
  await files.uploads.remove(uploadId);
  const manifest = await files.manifests.find(upload);
  if (manifest?.blob !== uploadId) await removeBlob(files, uploadId);
}

async function remove(files: Files, name: ObjectName): Promise<void> {
  const manifest = await files.manifests.find(name);
  if (manifest === undefined) return;
  await files.manifests.remove(name);
  await removeBlob(files, manifest.blob);
}

/** Replaces an object atomically: before this step the old one is read, after it the new one. */
async function commit(files: Files, manifest: ObjectManifest): Promise<StoredObject> {
  const replaced = await files.manifests.find(manifest);
  await files.manifests.write(manifest);
  if (replaced !== undefined && replaced.blob !== manifest.blob) {
    await removeBlob(files, replaced.blob);
  }
  return toStoredObject(files, manifest);
}

async function removeBlob(files: Files, id: string): Promise<void> {
  await rm(files.blob(id), { recursive: true, force: true, maxRetries: 3 });
}

function manifestOf(
  { bucket, key }: ObjectName,
  blob: string,
  contentType: string,
  parts: readonly PartFile[],
  etag: string,
  now: Date,
): ObjectManifest {
  return {
    ...{ bucket, key, etag, contentType, blob },
    ...defined({ crc64: crc64Of(parts) }),
    size: parts.reduce((sum, part) => sum + part.size, 0),
    lastModified: now.toISOString(),
    parts: parts.map(({ file, size }) => ({ file, size })),
  };
}

function toStoredObject(files: Files, { blob, parts, ...object }: ObjectManifest): StoredObject {
  const directory = files.blob(blob);
  return {
    ...object,
    parts: parts.map(({ file, size }) => ({ file: join(directory, file), size })),
  };
}
