import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { ServerFacts } from '../facts/server-facts.ts';
import { isNoteAbout, type ResumeNote, readResumeNote, writeResumeNote } from './resume-note.ts';
import { storedBytes, storedParts } from './stored-parts.ts';
import { amend, isRunning, type Upload } from './upload.ts';

/** Keeps the note about the unfinished upload up to date. */
export interface ResumeKeeper {
  /** Null if the unfinished upload is another tenant's. */
  readonly note: ReadonlySignal<ResumeNote | null>;
  forget(): void;
  /** Updates the note, and marks the parts that a resumed upload found in storage. */
  follow(): void;
}

/** Returns a keeper that begins with the note from before a reload; `tenant` is the chosen one. */
export function createResumeKeeper(
  upload: Signal<Upload>,
  facts: ServerFacts,
  tenant: ReadonlySignal<string>,
): ResumeKeeper {
  const kept = signal(readResumeNote());
  const note = computed(() =>
    kept.value !== null && (kept.value.tenant ?? '') === tenant.value ? kept.value : null,
  );
  let openedKey: string | null = null;

  function keep(next: ResumeNote | null): void {
    kept.value = next;
    writeResumeNote(next);
  }
  function forget(): void {
    if (kept.peek() !== null) keep(null);
  }
  function update(next: ResumeNote | null): void {
    if (next !== null && isNews(next, kept.peek())) keep(next);
  }
  function open(key: string | null): void {
    openedKey = key;
    if (key === null) return;
    const found = kept.peek();
    if (found?.key === key) facts.keepParts(key, found.storedParts);
    amend(upload, { kept: new Set(storedParts(upload.peek(), facts)) });
  }

  return {
    note,
    forget,
    follow() {
      const current = upload.value;
      const key = current.applied?.key ?? null;
      if (key !== openedKey) open(key);
      if (hasEnded(current)) forget();
      else if (isRunning(current)) update(describeUpload(current, facts));
    },
  };
}

function hasEnded({ phase, failure }: Upload): boolean {
  return phase === 'done' || failure?.isResumable === false;
}

/** Returns the note if it is about the chosen file and cover, since the SDK stores its session under both. */
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
