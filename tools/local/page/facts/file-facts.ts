import type { Recorded } from '../stack/recorded.ts';

/** A log line that a function wrote. */
export type LogLine = Readonly<Record<string, unknown>>;

/** What the server reported about one file after its upload. */
export interface FileFacts {
  readonly media?: Recorded<'media'>;
  readonly procedure?: Recorded<'procedure'>;
  readonly notifications: readonly Recorded<'notification'>[];
  /** What the callback function logged about this file. */
  readonly receipts: readonly LogLine[];
}

/** The {@link FileFacts} of each file. */
export interface FileFactsIndex {
  takeMedia(activity: Recorded<'media'>): void;
  takeProcedure(activity: Recorded<'procedure'>): void;
  takeNotification(activity: Recorded<'notification'>): void;
  takeFunction(activity: Recorded<'function'>): void;
  file(fileId: string): FileFacts;
}

const NO_FACTS: FileFacts = { notifications: [], receipts: [] };

/** Returns an empty index. */
export function createFileFacts(): FileFactsIndex {
  const files = new Map<string, FileFacts>();
  /**
   * A refused notification is not read, so its log line has no file; the report of its delivery, which follows, has it.
   */
  let refused: LogLine[] = [];

  const file = (fileId: string) => files.get(fileId) ?? NO_FACTS;
  const amend = (fileId: string, change: Partial<FileFacts>) =>
    files.set(fileId, { ...file(fileId), ...change });
  const addReceipts = (fileId: string, lines: readonly LogLine[]) =>
    amend(fileId, { receipts: [...file(fileId).receipts, ...lines] });

  return {
    file,
    takeMedia: (media) => amend(media.fileId, { media }),
    takeProcedure: (procedure) => amend(procedure.fileId, { procedure }),
    takeNotification(notification) {
      const { fileId } = notification;
      if (fileId === undefined) return;
      amend(fileId, { notifications: [...file(fileId).notifications, notification] });
      addReceipts(fileId, refused);
      refused = [];
    },
    takeFunction({ function: name, log }) {
      if (name !== 'callback') return;
      refused = [];
      for (const line of log) {
        const fileId = line['fileId'];
        if (typeof fileId === 'string') addReceipts(fileId, [line]);
        else refused.push(line);
      }
    },
  };
}
