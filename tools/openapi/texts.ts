import type * as v from 'valibot';
import type { UploadState } from '../../lib/model/upload-state.ts';
import type { itemQuery, runQuery } from '../../lib/pulls/run-request.ts';
import type { progressReport } from '../../lib/uploads/report-progress.ts';
import type { uploadQuery } from '../../lib/uploads/upload-query.ts';
import type { limitFields } from '../../lib/validation/fields.ts';
import type { pullItem } from '../../lib/validation/pull-request.ts';
import type { signatureRequest } from '../../lib/validation/signature-request.ts';
import type { feedQuery } from '../../lib/webhooks/message-feed.ts';

/** What the documents say of a field, as Markdown whose links are relative to docs/. */
export interface FieldText {
  /** What its schema does not say by itself, in the column of rules. */
  readonly rule?: string;
  readonly meaning: string;
  /** What openapi.json says instead of that rule; empty if its schema says all of it. */
  readonly note?: string;
}

const FITS =
  "what fits into 250 bytes beside the backend's envelope: 80, and those of the owner's name";

type FieldTexts<Schema extends { readonly entries: object }> = {
  readonly [Name in keyof Schema['entries']]: FieldText;
};

const LIMITS_RULE = '`{ maxBytes, maxSeconds, mediaTypes }`';
const FUTURE = 'ISO 8601 with zone, in the future';

/** The fields of `POST /signature`, in the order of the document. */
export const SIGNATURE_TEXTS: FieldTexts<typeof signatureRequest> = {
  classId: { meaning: 'category of the media' },
  procedure: { meaning: 'task flow that VOD runs after the upload' },
  taskPriority: { meaning: 'priority of that task flow' },
  taskNotifyMode: { meaning: 'when that task flow notifies' },
  sourceContext: { rule: 'see below', note: FITS, meaning: "comes back in the upload's event" },
  sessionContext: { meaning: "comes back in the task flow's event" },
  storageRegion: {
    rule: 'short name of a region',
    meaning: 'where the media are stored; VOD chooses otherwise',
  },
  oneTimeValid: { meaning: 'whether the signature serves one upload only' },
  expiresIn: { rule: '1 to 7776000 seconds, 3600 by default', meaning: 'life of the signature' },
  uploadId: {
    rule: 'of an earlier response to the same owner',
    meaning:
      '[continues](#continuing-an-upload) that upload until it has [ended](#without-a-database); without it, a new one begins',
  },
  mediaExpireTime: {
    rule: FUTURE,
    meaning: 'when the media are to be deleted; travels with the upload',
  },
  limits: {
    rule: LIMITS_RULE,
    note: '',
    meaning:
      'maximum size, maximum duration and allowed types of the file; travels with the upload',
  },
};

/** The fields of a pull, in the order of the document. */
export const PULL_TEXTS: FieldTexts<typeof pullItem> = {
  mediaUrl: {
    rule: 'http or https, a public host, at most 8000 bytes',
    meaning: 'what VOD fetches',
  },
  mediaType: {
    rule: 'a type that VOD accepts',
    meaning: "required if the URL's path does not end in one",
  },
  mediaName: { meaning: 'name of the media' },
  coverUrl: { rule: 'as `mediaUrl`; gif, jpeg, jpg or png', meaning: 'its cover' },
  procedure: { meaning: 'task flow that VOD runs afterwards' },
  tasksPriority: { meaning: 'priority of that task flow' },
  expireTime: { rule: FUTURE, meaning: 'when the media are to be deleted' },
  storageRegion: {
    rule: 'opened for the application',
    meaning: 'where the media are stored; the default region otherwise',
  },
  classId: { meaning: 'category of the media' },
  sessionContext: { meaning: 'comes back in the events' },
  sourceContext: {
    rule: 'as in `POST /signature`',
    note: FITS,
    meaning: 'comes back in the events',
  },
  mediaStoragePath: {
    rule: 'begins with `/`, at most 850 bytes',
    note: '',
    meaning: 'for applications in FileID+Path mode',
  },
  limits: {
    rule: LIMITS_RULE,
    note: '',
    meaning: 'maximum size, maximum duration and allowed types of the file; travels with the pull',
  },
  idempotencyKey: {
    rule: '1 to 255 visible ASCII characters',
    note: '',
    meaning:
      'the same key and body give the same upload; the header `Idempotency-Key` does the same',
  },
};

/** The members of `limits`. */
export const LIMIT_TEXTS: Readonly<Record<keyof v.InferInput<typeof limitFields>, string>> = {
  maxBytes: 'largest size of the file in bytes',
  maxSeconds: 'longest duration of the file in seconds',
  mediaTypes: 'allowed types of the file, as file name extensions in lower or upper case',
};

/** The query parameters of `GET /uploads`. */
export const QUERY_TEXTS: Readonly<Record<keyof (typeof uploadQuery)['entries'], string>> = {
  owner: 'uploads of this owner; another owner than the caller needs the scope upload:admin',
  state: 'uploads in this state',
  method: 'uploads that came in this way',
  content:
    'uploads of a file with this size in bytes and CRC-64, as `PUT /uploads/{uploadId}/progress` reports them: of the newest 100',
  limit: 'most items of the page',
  cursor: '`cursor` of the page before',
};

/** The fields of `PUT /uploads/{uploadId}/progress`. */
export const REPORT_TEXTS: Readonly<Record<keyof (typeof progressReport)['entries'], string>> = {
  size: 'bytes of the file',
  sent: 'bytes that were sent; it does not go back',
  crc64: 'CRC-64 of the whole file in decimal digits, as storage writes it, once it is known',
};

/** Query parameters of the messages after a cursor. */
export const FEED_TEXTS: Readonly<Record<keyof (typeof feedQuery)['entries'], string>> = {
  after: '`cursor` of the page or the item before; without it, the present',
  types: 'types of messages, or their beginnings and `*`, with commas between',
  wait: 'seconds to wait for the first message if there is none',
  limit: 'most items of the page',
};

/** Query parameters of the list of runs. */
export const RUN_QUERY_TEXTS: Readonly<Record<keyof (typeof runQuery)['entries'], string>> = {
  name: 'the run with this name',
  limit: 'most items of the page',
  cursor: '`cursor` of the page before',
};

/** Query parameters of the items of a run. */
export const ITEM_QUERY_TEXTS: Readonly<Record<keyof (typeof itemQuery)['entries'], string>> = {
  state: 'items in these states, with commas between',
  with: "what else each item has: its request, or VOD's progress of the first ten that are fetched",
  limit: 'most items of the page',
  cursor: '`cursor` of the page before',
};

/** The states of an upload, in their order. */
export const STATE_TEXTS: Readonly<Record<UploadState, string>> = {
  issued: 'permitted; no file has come yet',
  uploaded: 'the file is there, and its task flow, or the check of a limit, is still to come',
  processing: 'its task flow runs',
  ready: 'the file is there, and its processing and checks are complete',
  failed: 'the pull or the task flow failed; `problem` says why',
  rejected:
    'the file was over a [limit](policy-and-rules.md#after-the-upload) and is deleted; `problem` says which',
  expired: 'no file came while it was permitted',
  cancelled: 'cancelled by `DELETE`; its file is removed if one comes',
  deleted: 'the file was there, and was deleted',
};

/** Returns `markdown` for readers elsewhere: of a link within docs/ only its words are left. */
export function withoutLocalLinks(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]+)\]\((?!https?:)[^)]+\)/g, '$1');
}

/** Returns the descriptions of fields: their meaning, and what their schema does not say. */
export function describeFields(
  texts: Readonly<Record<string, FieldText>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, { rule = '', meaning, note = rule }]) => {
      const words = note === '' ? meaning : `${meaning} (${note})`;
      return [name, withoutLocalLinks(words)];
    }),
  );
}
