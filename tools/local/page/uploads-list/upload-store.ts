import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { RecordedActivity } from '../../activity.ts';
import type { LedgerUpload, UploadLife, UploadList } from '../stack/ledger-answers.ts';
import { ProblemError } from '../stack/problem.ts';
import type { LocalStack } from '../stack/stack-client.ts';

/** Whether the list of uploads could be read. */
export type ListState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly detail: string };

/** The owner's uploads in the backend, which are updated after each activity. */
export interface UploadStore {
  readonly state: ReadonlySignal<ListState>;
  /** The newest uploads, newest first. */
  readonly uploads: ReadonlySignal<readonly LedgerUpload[]>;
  /** Whether there are older uploads. */
  readonly hasMore: ReadonlySignal<boolean>;
  /** Makes `uploads` list at least `count` of them. */
  list(count: number): void;
  /** Returns undefined for uploads that are neither listed nor followed. */
  upload(uploadId: string): LedgerUpload | undefined;
  /** Returns undefined until a followed upload is known. */
  life(uploadId: string): UploadLife | undefined;
  /** Keeps the events of an upload up to date, too, until the returned function is called. */
  follow(uploadId: string): () => void;
  /** Cancels an upload; never rejects, but returns what went wrong, or null. */
  cancel(uploadId: string): Promise<string | null>;
  /** Called with every activity; some of them change uploads. */
  take(activity: RecordedActivity): void;
  /** Reads the uploads again, for example after the stack was not available. */
  refresh(): void;
}

const LISTED_AT_FIRST = 20;
/** Most uploads in one request. */
const MAX_LISTED = 100;
/** Several activities in this time cause one request. */
const CALM_MILLISECONDS = 300;
const NOT_FOUND = 404;

/** Returns the store of the stack's uploads. */
export function createUploadStore(stack: LocalStack): UploadStore {
  const state = signal<ListState>({ kind: 'asking' });
  const uploads = signal<readonly LedgerUpload[]>([]);
  const hasMore = signal(false);
  const lives = signal<ReadonlyMap<string, UploadLife>>(new Map());
  const followed = createFollowed();
  let wanted = LISTED_AT_FIRST;
  let isStirred = false;
  let isAsking = false;

  function stir(): void {
    if (isStirred) return;
    isStirred = true;
    window.setTimeout(() => void ask(), CALM_MILLISECONDS);
  }
  async function ask(): Promise<void> {
    isStirred = false;
    if (isAsking) return stir();
    isAsking = true;
    try {
      const list = await readNewest(stack, wanted);
      const read = await Promise.all(followed.ids().map((id) => readLife(stack, id)));
      const known = read.filter((life) => life !== undefined);
      batch(() => {
        uploads.value = list.uploads;
        hasMore.value = list.cursor !== undefined;
        lives.value = new Map(known.map((life) => [life.upload.uploadId, life]));
        state.value = { kind: 'known' };
      });
    } catch (error) {
      state.value = { kind: 'refused', detail: explain(error) };
    }
    isAsking = false;
  }
  return {
    state,
    uploads,
    hasMore,
    list(count) {
      wanted = Math.max(wanted, count);
      stir();
    },
    upload: (uploadId) =>
      lives.value.get(uploadId)?.upload ??
      uploads.value.find((upload) => upload.uploadId === uploadId),
    life: (uploadId) => lives.value.get(uploadId),
    follow(uploadId) {
      stir();
      return followed.add(uploadId);
    },
    cancel: (uploadId) => cancelUpload(stack, uploadId).finally(stir),
    take(activity) {
      if (isNews(activity)) stir();
    },
    refresh: stir,
  };
}

/** Returns the set of followed uploads; each remains in it as long as anyone follows it. */
function createFollowed() {
  const counts = new Map<string, number>();
  const change = (uploadId: string, by: 1 | -1) => {
    const count = (counts.get(uploadId) ?? 0) + by;
    if (count > 0) counts.set(uploadId, count);
    else counts.delete(uploadId);
  };
  return {
    ids: () => [...counts.keys()],
    add(uploadId: string): () => void {
      change(uploadId, 1);
      return () => change(uploadId, -1);
    },
  };
}

async function readNewest(stack: LocalStack, wanted: number): Promise<UploadList> {
  let list: UploadList = await stack.listUploads({ limit: Math.min(MAX_LISTED, wanted) });
  while (list.cursor !== undefined && list.uploads.length < wanted) {
    const limit = Math.min(MAX_LISTED, wanted - list.uploads.length);
    const next = await stack.listUploads({ limit, cursor: list.cursor });
    list = { ...next, uploads: [...list.uploads, ...next.uploads] };
  }
  return list;
}

/** Returns what went wrong, or null. */
async function cancelUpload(stack: LocalStack, uploadId: string): Promise<string | null> {
  try {
    await stack.cancelUpload(uploadId);
    return null;
  } catch (error) {
    return explain(error);
  }
}

/** Returns undefined if there is no such upload: a missing one must not keep the others from being read. */
async function readLife(stack: LocalStack, uploadId: string): Promise<UploadLife | undefined> {
  try {
    return await stack.readLife(uploadId);
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === NOT_FOUND) return undefined;
    throw error;
  }
}

/** The page's own requests do not count; otherwise each would cause the next. */
function isNews(activity: RecordedActivity): boolean {
  if (activity.type === 'function') return activity.method !== 'GET';
  return activity.type === 'webhook' || activity.type === 'sweep';
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
