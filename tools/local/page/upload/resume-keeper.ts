import type { Store } from '../components/store.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import { isNoteAbout, type ResumeNote, readResumeNote, writeResumeNote } from './resume-note.ts';
import { storedBytes, storedParts } from './stored-parts.ts';
import { isRunning, type Upload } from './upload.ts';

/** Keeps the note about the unfinished upload in step with the upload. */
export interface ResumeKeeper {
  /** Null where the unfinished upload is another tenant's. */
  note(): ResumeNote | null;
  forget(): void;
  /** The upload that a start would continue, or null for a new one. */
  uploadId(): string | null;
  /** Brings the note up to date, and marks what a resumed upload found in storage. */
  follow(): void;
}

/** Returns a keeper that begins with the note of the page's earlier life; `tenant` answers whose turn it is. */
export function createResumeKeeper(
  store: Store<Upload>,
  facts: ServerFacts,
  tenant: () => string,
): ResumeKeeper {
  let note = readResumeNote();
  let openedKey: string | null = null;

  function keep(next: ResumeNote | null): void {
    note = next;
    writeResumeNote(next);
  }
  function forget(): void {
    if (note !== null) keep(null);
  }
  function update(next: ResumeNote | null): void {
    if (next !== null && isNews(next, note)) keep(next);
  }
  function open(key: string | null): void {
    openedKey = key;
    if (key === null) return;
    if (note?.key === key) facts.keepParts(key, note.storedParts);
    store.update({ kept: new Set(storedParts(store.get(), facts)) });
  }

  const noteOfTenant = () => (note !== null && (note.tenant ?? '') === tenant() ? note : null);

  return {
    note: noteOfTenant,
    forget,
    uploadId() {
      const upload = store.get();
      if (upload.phase === 'failed' && upload.tenant === tenant()) return upload.uploadId;
      return findResumable(noteOfTenant(), upload)?.uploadId ?? null;
    },
    follow() {
      const upload = store.get();
      const key = upload.applied?.key ?? null;
      if (key !== openedKey) open(key);
      if (hasEnded(upload)) forget();
      else if (isRunning(upload)) update(describeUpload(upload, facts));
    },
  };
}

function hasEnded({ phase, failure }: Upload): boolean {
  return phase === 'done' || failure?.isResumable === false;
}

/** Returns the note if it is about the chosen file and cover, as the SDK keeps its session under both. */
export function findResumable(note: ResumeNote | null, { file, cover }: Upload): ResumeNote | null {
  return isNoteAbout(note, file) && note.coverName === (cover?.name ?? null) ? note : null;
}

function isNews(next: ResumeNote, note: ResumeNote | null): boolean {
  return note?.key !== next.key || note.storedParts.length !== next.storedParts.length;
}

function describeUpload(upload: Upload, facts: ServerFacts): ResumeNote | null {
  const { file, cover, applied, uploadId, tenant } = upload;
  if (file === null || applied === null) return null;
  return {
    name: file.name,
    size: file.size,
    coverName: cover?.name ?? null,
    uploadId,
    ...(tenant === '' ? {} : { tenant }),
    key: applied.key,
    storedParts: storedParts(upload, facts),
    percent: Math.floor((storedBytes(upload, facts) / Math.max(1, file.size)) * 100),
    savedAt: Date.now(),
  };
}
