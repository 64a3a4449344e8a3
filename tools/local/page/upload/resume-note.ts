import { readStoredText, storeText } from '../components/stored-text.ts';
import { isRecord } from '../stack/problem.ts';

/** What the page remembers about an unfinished upload, because the browser cannot store the file itself. */
export interface ResumeNote {
  readonly name: string;
  readonly size: number;
  /** The SDK finds its session only with the same cover. */
  readonly coverName: string | null;
  readonly uploadId: string | null;
  /** The tenant that began it; absent if there are no tenants. */
  readonly tenant?: string;
  readonly key: string;
  readonly storedParts: readonly number[];
  readonly percent: number;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
}

const STORAGE_NAME = 'local-page.unfinished-upload';
/** The emulator forgets unfinished uploads after a day. */
const LIFE_MILLISECONDS = 24 * 3_600_000;

/** Returns the note from before a reload, if it is still useful. */
export function readResumeNote(now: number = Date.now()): ResumeNote | null {
  try {
    const note: unknown = JSON.parse(readStoredText(STORAGE_NAME) ?? 'null');
    return isResumeNote(note) && now - note.savedAt < LIFE_MILLISECONDS ? note : null;
  } catch {
    return null;
  }
}

/** Stores `note`; null removes the stored one. */
export function writeResumeNote(note: ResumeNote | null): void {
  storeText(STORAGE_NAME, note === null ? null : JSON.stringify(note));
}

/** Returns whether the note is about `file`, by the properties with which the SDK distinguishes files. */
export function isNoteAbout(note: ResumeNote | null, file: File | null): note is ResumeNote {
  return note !== null && note.name === file?.name && note.size === file.size;
}

function isResumeNote(value: unknown): value is ResumeNote {
  return (
    isRecord(value) &&
    typeof value['name'] === 'string' &&
    typeof value['size'] === 'number' &&
    typeof value['key'] === 'string' &&
    typeof value['percent'] === 'number' &&
    typeof value['savedAt'] === 'number' &&
    Array.isArray(value['storedParts'])
  );
}
