import * as v from 'valibot';

const text = v.string();
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const identity = v.object({ size, modified: text, device: text, inode: text });

const grant = v.object({ secretId: text, secretKey: text, token: text, expiresAt: v.number() });

const object = v.object({
  /** Of the file. */
  path: text,
  key: text,
  identity,
  partBytes: size,
});

const session = v.object({
  key: text,
  bucket: text,
  region: text,
  /** Id of the upload in this service; absent with an account's key. */
  uploadId: v.optional(text),
});

/** Beginning of an upload. */
const begun = v.object({
  type: v.literal('begun'),
  version: v.literal(1),
  /** What the upload was begun with: another upload of the same file needs the same. */
  options: text,
  session,
  grant,
  objects: v.array(object),
});

/** A multipart upload of the object with this index was begun. */
const opened = v.object({ type: v.literal('opened'), object: size, uploadId: text });

/** Storage has a part, and its CRC-64 is right. */
const part = v.object({
  ...{ type: v.literal('part'), object: size, number: size, size },
  ...{ etag: text, crc64: text },
});

/** Storage has a whole object, and its CRC-64 is right. */
const stored = v.object({ type: v.literal('stored'), object: size, crc64: text });

/** Other credentials were issued. */
const renewed = v.object({ type: v.literal('renewed'), grant });

/** VOD is asked to make a media of it, with this. */
const permitted = v.object({ type: v.literal('permitted'), permit: text });

/** VOD has made a media of it. */
const ended = v.object({
  type: v.literal('ended'),
  result: v.object({
    fileId: text,
    mediaUrl: text,
    coverUrl: v.optional(text),
    uploadId: v.optional(text),
    ...{ size, crc64: text },
  }),
});

const journalRecord = v.variant('type', [begun, opened, part, stored, renewed, permitted, ended]);

/** What is written when an upload begins. */
export type Beginning = v.InferOutput<typeof begun>;

/** A line of the journal of an upload. */
export type JournalRecord = v.InferOutput<typeof journalRecord>;

/** What became of an upload. */
export type PutResult = v.InferOutput<typeof ended>['result'];

/** A part that storage was seen to have. */
export type StoredPart = Omit<v.InferOutput<typeof part>, 'type' | 'object'>;

/** An upload as its journal describes it. */
export interface Journal {
  readonly beginning: Beginning;
  readonly grant: Beginning['grant'];
  /** By the index of an object. */
  readonly uploadIds: ReadonlyMap<number, string>;
  readonly parts: ReadonlyMap<number, readonly StoredPart[]>;
  readonly stored: ReadonlyMap<number, string>;
  /** What VOD was last asked with to make a media of it. */
  readonly permit: string | undefined;
  readonly result: PutResult | undefined;
}

/**
 * Returns the upload that a journal describes; undefined without its beginning. A line that was cut, by the end of the
 * process or of the disk, does not count, and neither does one of a version that is not known.
 */
export function readJournal(content: string): Journal | undefined {
  const records = content.split('\n').flatMap(readRecord);
  const beginning = records.find((each) => each.type === 'begun');
  if (beginning === undefined) return undefined;
  const { grant } = records.findLast((each) => each.type === 'renewed') ?? beginning;
  return {
    ...{ beginning, grant, ...readObjects(records) },
    permit: records.findLast((each) => each.type === 'permitted')?.permit,
    result: records.findLast((each) => each.type === 'ended')?.result,
  };
}

function readObjects(
  records: readonly JournalRecord[],
): Pick<Journal, 'uploadIds' | 'parts' | 'stored'> {
  const uploadIds = new Map<number, string>();
  const parts = new Map<number, StoredPart[]>();
  const stored = new Map<number, string>();
  for (const record of records) {
    if (record.type === 'opened') {
      uploadIds.set(record.object, record.uploadId);
      // The parts of an earlier upload are not parts of this one.
      parts.set(record.object, []);
    } else if (record.type === 'part') parts.get(record.object)?.push(record);
    else if (record.type === 'stored') stored.set(record.object, record.crc64);
  }
  return { uploadIds, parts, stored };
}

function readRecord(line: string): readonly JournalRecord[] {
  try {
    const { success, output } = v.safeParse(journalRecord, JSON.parse(line));
    return success ? [output] : [];
  } catch {
    return [];
  }
}
