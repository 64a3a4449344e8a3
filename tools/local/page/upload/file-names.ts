import { type ReadonlySignal, signal } from '@preact/signals';
import { readStoredText, storeText } from '../components/stored-text.ts';
import { isRecord } from '../stack/problem.ts';

/** Names of the files that were begun in this browser: the backend learns a name with the file. */
export interface FileNames {
  /** By upload. */
  readonly names: ReadonlySignal<ReadonlyMap<string, string>>;
  note(uploadId: string, name: string): void;
}

const STORAGE_NAME = 'local-page.file-names';
/** More than are looked at again; the oldest are forgotten first. */
const MAX_NAMES = 100;

/** Returns the names, which outlive the page. */
export function createFileNames(): FileNames {
  const names = signal<ReadonlyMap<string, string>>(readNames());

  function note(uploadId: string, name: string): void {
    if (names.peek().get(uploadId) === name) return;
    const entries = [...names.peek(), [uploadId, name] as const].slice(-MAX_NAMES);
    names.value = new Map(entries);
    storeText(STORAGE_NAME, JSON.stringify(Object.fromEntries(entries)));
  }
  return { names, note };
}

function readNames(): ReadonlyMap<string, string> {
  try {
    const stored: unknown = JSON.parse(readStoredText(STORAGE_NAME) ?? '{}');
    const entries = isRecord(stored) ? Object.entries(stored) : [];
    return new Map(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return new Map();
  }
}
