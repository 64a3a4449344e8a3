/** What is remembered about an unfinished upload, since a browser cannot keep its file over a reload. */
export interface UnfinishedUpload {
  readonly uploadId: string;
  /** Name, size and time of the file, by which it is recognised when it is chosen again. */
  readonly name: string;
  readonly size: number;
  readonly lastModified: number;
  /** Name of its cover, which has to be chosen again too. */
  readonly cover?: string;
  /** Bytes that were sent. */
  readonly loaded: number;
  /** Id of the file in VOD, once it has all of it: then it is not sent again. */
  readonly fileId?: string;
  /** Unix milliseconds. */
  readonly savedAt: number;
}

/** The note about one file. */
export interface Note {
  /** Returns the note from before a reload. */
  read(): UnfinishedUpload | undefined;
  write(uploadId: string, loaded: number, fileId?: string): void;
  forget(): void;
  /** Lets another upload of the same file have it. */
  release(): void;
}

const PREFIX = 'vod-upload:';
/** How long VOD keeps the session of an unfinished upload. */
const LIFE_MILLISECONDS = 24 * 3_600_000;

/** Keys of the files that are being uploaded: a second upload of the same one must not take its note. */
const taken = new Set<string>();

/** Returns the note about a file; without storage, or where another upload has it, one that keeps nothing. */
export function openNote({ name, size, lastModified }: File, cover?: File): Note {
  const file = { name, size, lastModified, cover: cover?.name };
  const key = PREFIX + JSON.stringify([file, cover?.size]);
  const isOurs = !taken.has(key);
  taken.add(key);
  const storage = isOurs ? findStorage() : undefined;
  return {
    read: () => readNote(storage, key),
    write(uploadId, loaded, fileId) {
      try {
        storage?.setItem(
          key,
          JSON.stringify({ ...file, uploadId, loaded, fileId, savedAt: Date.now() }),
        );
      } catch {
        // It is full: the upload then cannot continue after a reload.
      }
    },
    forget: () => storage?.removeItem(key),
    release() {
      if (isOurs) taken.delete(key);
    },
  };
}

/** Returns the uploads that a reload interrupted, latest first. */
export function listNotes(): UnfinishedUpload[] {
  const storage = findStorage();
  return Object.keys(storage ?? {})
    .flatMap((key) => (key.startsWith(PREFIX) && !taken.has(key) && readNote(storage, key)) || [])
    .sort((one, other) => other.savedAt - one.savedAt);
}

function readNote(storage: Storage | undefined, key: string): UnfinishedUpload | undefined {
  try {
    const note: UnfinishedUpload = JSON.parse(storage?.getItem(key) ?? '');
    if (note.savedAt > Date.now() - LIFE_MILLISECONDS) return note;
    storage?.removeItem(key);
  } catch {
    // There is none, or not one of ours.
  }
  return undefined;
}

/** Workers and servers have none, and a page may be denied it. */
function findStorage(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
