import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJsonFile, writeJsonFile } from './json-file.ts';
import type { OpenUpload } from './objects.ts';

const UPLOAD = v.object({
  uploadId: v.string(),
  bucket: v.string(),
  key: v.string(),
  contentType: v.string(),
  initiated: v.string(),
});

const UPLOAD_ID = /^[0-9a-f]{32}$/;
const UPLOAD_FILE = /^[0-9a-f]{32}\.json$/;

/**
 * One JSON file per multipart upload: in `open` while it is open, in the folder of its parts after it was completed.
 * What is open is in memory, too.
 */
export interface UploadRecords {
  findOpen(uploadId: string): OpenUpload | undefined;
  findCompleted(uploadId: string): Promise<OpenUpload | undefined>;
  /** Every open upload, oldest first. */
  listOpen(): readonly OpenUpload[];
  /** The open uploads of a bucket whose keys begin with `prefix`, by their keys. */
  listBelow(bucket: string, prefix: string): readonly OpenUpload[];
  write(upload: OpenUpload): Promise<void>;
  /** Turns an open upload into a completed one. */
  close(uploadId: string): Promise<void>;
  remove(uploadId: string): Promise<void>;
}

/** Files that are read at once. */
const PARALLEL_READS = 32;

/** Returns the records in the directories `open` and `blobs`, which must exist. */
export async function openUploadRecords(open: string, blobs: string): Promise<UploadRecords> {
  const openFile = (uploadId: string) => join(open, `${uploadId}.json`);
  const completedFile = (uploadId: string) => join(blobs, uploadId, 'upload.json');
  const uploads = new Map<string, OpenUpload>();
  const order = createKeyOrder();
  const add = (upload: OpenUpload) => {
    uploads.set(upload.uploadId, upload);
    order.add(upload);
  };
  const forget = (uploadId: string) => {
    const upload = uploads.get(uploadId);
    uploads.delete(uploadId);
    if (upload !== undefined) order.remove(upload);
  };
  for (const upload of await readUploads(open)) add(upload);

  return {
    findOpen: (uploadId) => uploads.get(uploadId),
    async findCompleted(uploadId) {
      return UPLOAD_ID.test(uploadId) ? readJsonFile(completedFile(uploadId), UPLOAD) : undefined;
    },
    listOpen: () => [...uploads.values()],
    listBelow: order.listBelow,
    async write(upload) {
      await writeJsonFile(openFile(upload.uploadId), upload);
      add(upload);
    },
    async close(uploadId) {
      await rename(openFile(uploadId), completedFile(uploadId));
      forget(uploadId);
    },
    async remove(uploadId) {
      await rm(openFile(uploadId), { force: true });
      forget(uploadId);
    },
  };
}

/** Returns the uploads of a directory, oldest first, as their ids begin with their time. */
async function readUploads(open: string): Promise<readonly OpenUpload[]> {
  const names = (await readdir(open)).filter((name) => UPLOAD_FILE.test(name)).sort();
  const uploads: OpenUpload[] = [];
  for (let index = 0; index < names.length; index += PARALLEL_READS) {
    const some = names.slice(index, index + PARALLEL_READS);
    const read = await Promise.all(some.map((name) => readJsonFile(join(open, name), UPLOAD)));
    uploads.push(...read.filter((upload) => upload !== undefined));
  }
  return uploads;
}

/** Returns an empty list of uploads in the order of buckets, keys and ids. */
function createKeyOrder() {
  const entries: { readonly text: string; readonly upload: OpenUpload }[] = [];
  const textOf = ({ bucket, key, uploadId }: OpenUpload) => `${bucket}\n${key}\n${uploadId}`;
  const find = (text: string): number => {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle]?.text ?? '') < text) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    add(upload: OpenUpload) {
      const text = textOf(upload);
      entries.splice(find(text), 0, { text, upload });
    },
    remove(upload: OpenUpload) {
      const index = find(textOf(upload));
      if (entries[index]?.upload.uploadId === upload.uploadId) entries.splice(index, 1);
    },
    listBelow(bucket: string, prefix: string): readonly OpenUpload[] {
      const start = `${bucket}\n${prefix}`;
      const found: OpenUpload[] = [];
      for (let index = find(start); index < entries.length; index += 1) {
        const entry = entries[index];
        if (entry === undefined || !entry.text.startsWith(start)) break;
        found.push(entry.upload);
      }
      return found;
    },
  };
}
