import { readStoredText, storeText } from '../components/stored-text.ts';
import { isRecord } from '../stack/problem.ts';

/** What the page remembers of an upload that has not ended, because the browser cannot keep the file itself. */
export interface ResumeNote {
  readonly name: string;
  readonly size: number;
  /** The SDK finds its session only if the same cover comes with the file. */
  readonly coverName: string | null;
  readonly uploadId: string | null;
  /** The one that it was begun as; absent where there are none. */
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

/** Returns the note of an earlier life of the page, if it is still of use. */
export function readResumeNote(now: number = Date.now()): ResumeNote | null {
  try {
    const note: unknown = JSON.parse(readStoredText(STORAGE_NAME) ?? 'null');
    return isResumeNote(note) && now - note.savedAt < LIFE_MILLISECONDS ? note : null;
  } catch {
    return null;
  }
}

/** Keeps `note`, or forgets the kept one. */
export function writeResumeNote(note: ResumeNote | null): void {
  storeText(STORAGE_NAME, note === null ? null : JSON.stringify(note));
}

/** Tells whether `file` is the one that the note is about, as far as the SDK tells files apart. */
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
