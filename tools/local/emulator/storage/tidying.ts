import { readdir, rm, writeFile } from 'node:fs/promises';
import type { ObjectManifests } from './object-manifests.ts';

/** The removal of folders of parts that belong to nothing. */
export interface Tidying {
  /** Resolves when they are removed; requests do not wait for it. */
  tidied(): Promise<void>;
  /** Ends it. The next start has nothing to remove if all requests had ended. */
  close(): Promise<void>;
}

/** What is tidied. */
interface Untidy {
  /** A file that says that the last run ended orderly. */
  readonly sign: string;
  /** The directory of the folders. */
  readonly blobs: string;
  readonly manifests: Pick<ObjectManifests, 'blobs'>;
  /** Folders of open uploads. */
  readonly open: ReadonlySet<string>;
  /** Removes a folder. */
  remove(id: string): Promise<void>;
}

/**
 * Removes, beside the work, the folders of parts that belong to nothing: a process that was killed leaves them. What
 * comes from now on has new names. After a run that ended orderly there is nothing to do, so a start then reads no folder.
 */
export async function startTidying(untidy: Untidy): Promise<Tidying> {
  const { sign, blobs, manifests, open, remove } = untidy;
  const closing = new AbortController();
  const isTidy = await rm(sign).then(
    () => true,
    () => false,
  );
  const found = isTidy ? [] : (await readdir(blobs)).filter((id) => !open.has(id));
  const tidy = async () => {
    if (found.length === 0) return;
    const live = await manifests.blobs(closing.signal);
    for (const id of found) {
      closing.signal.throwIfAborted();
      if (!live.has(id)) await remove(id);
    }
  };
  // A manifest that cannot be read is reported by the request that needs it; nothing is removed then.
  const tidying = tidy().then(
    () => true,
    () => false,
  );
  return {
    async tidied() {
      await tidying;
    },
    async close() {
      closing.abort();
      if (await tidying) await writeFile(sign, '').catch(() => undefined);
    },
  };
}
