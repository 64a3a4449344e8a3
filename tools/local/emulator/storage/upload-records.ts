import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { absent } from '../../absent.ts';
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

/**
 * One JSON file per multipart upload: in `open` while it is open, in the folder of its parts after it was completed.
 */
export interface UploadRecords {
  findOpen(uploadId: string): Promise<OpenUpload | undefined>;
  findCompleted(uploadId: string): Promise<OpenUpload | undefined>;
  /** Every open upload, oldest first. */
  listOpen(): Promise<readonly OpenUpload[]>;
  write(upload: OpenUpload): Promise<void>;
  /** Turns an open upload into a completed one. */
  close(uploadId: string): Promise<void>;
  remove(uploadId: string): Promise<void>;
}

/** Returns the records in the directories `open` and `blobs`, which must exist. */
export function openUploadRecords(open: string, blobs: string): UploadRecords {
  const openFile = (uploadId: string) => join(open, `${uploadId}.json`);
  const completedFile = (uploadId: string) => join(blobs, uploadId, 'upload.json');
  const find = async (uploadId: string, file: (uploadId: string) => string) =>
    UPLOAD_ID.test(uploadId) ? readJsonFile(file(uploadId), UPLOAD) : undefined;

  return {
    findOpen: (uploadId) => find(uploadId, openFile),
    findCompleted: (uploadId) => find(uploadId, completedFile),
    async listOpen() {
      const names = (await readdir(open).catch(absent)) ?? [];
      const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
      const uploads = await Promise.all(ids.sort().map((id) => find(id, openFile)));
      return uploads.filter((upload) => upload !== undefined);
    },
    write: (upload) => writeJsonFile(openFile(upload.uploadId), upload),
    close: (uploadId) => rename(openFile(uploadId), completedFile(uploadId)),
    remove: (uploadId) => rm(openFile(uploadId), { force: true }),
  };
}
