import type { RecordedActivity } from '../../activity.ts';
import type { LedgerUpload, UploadLife } from '../stack/ledger-answers.ts';
import { ProblemError } from '../stack/problem.ts';
import type { LocalStack } from '../stack/stack-client.ts';

/** Whether the ledger has answered. */
export type LedgerState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly detail: string };

/** What the ledger knows of the owner's uploads, kept up to date while something happens. */
export interface UploadStore {
  state(): LedgerState;
  /** The newest uploads, newest first. */
  uploads(): readonly LedgerUpload[];
  /** Undefined for uploads that are not among the newest, and not followed. */
  upload(uploadId: string): LedgerUpload | undefined;
  /** Undefined until a followed upload is known. */
  life(uploadId: string): UploadLife | undefined;
  /** Has the events of an upload kept up to date, too; what it returns ends that. */
  follow(uploadId: string): () => void;
  /** Cancels an upload; never rejects, but answers what was wrong. */
  cancel(uploadId: string): Promise<string | null>;
  /** To be told of everything that happens: some of it is news of uploads. */
  take(activity: RecordedActivity): void;
  /** Asks anew, as after the stack was away. */
  refresh(): void;
}

const MAX_UPLOADS = 20;
/** What happens in a burst is asked for once. */
const CALM_MILLISECONDS = 300;
const NOT_FOUND = 404;

/** Returns the lives of the uploads in the stack's ledger; `onChange` is called after each change. */
export function createUploadStore(stack: LocalStack, onChange: () => void): UploadStore {
  const followed = new Map<string, number>();
  const lives = new Map<string, UploadLife>();
  let state: LedgerState = { kind: 'asking' };
  let uploads: readonly LedgerUpload[] = [];
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
      uploads = await stack.listUploads({ limit: MAX_UPLOADS });
      for (const life of await Promise.all([...followed.keys()].map((id) => readLife(stack, id)))) {
        if (life !== undefined) lives.set(life.upload.uploadId, life);
      }
      state = { kind: 'known' };
    } catch (error) {
      state = { kind: 'refused', detail: explain(error) };
    }
    isAsking = false;
    onChange();
  }
  const find = (uploadId: string) =>
    lives.get(uploadId)?.upload ?? uploads.find((upload) => upload.uploadId === uploadId);
  return {
    state: () => state,
    uploads: () => uploads,
    upload: find,
    life: (uploadId) => lives.get(uploadId),
    follow(uploadId) {
      followed.set(uploadId, (followed.get(uploadId) ?? 0) + 1);
      stir();
      return () => {
        const rest = (followed.get(uploadId) ?? 0) - 1;
        if (rest > 0) followed.set(uploadId, rest);
        else {
          followed.delete(uploadId);
          lives.delete(uploadId);
        }
      };
    },
    async cancel(uploadId) {
      try {
        await stack.cancelUpload(uploadId);
        return null;
      } catch (error) {
        return explain(error);
      } finally {
        stir();
      }
    },
    take(activity) {
      if (isNews(activity)) stir();
    },
    refresh: stir,
  };
}

/** Returns undefined where there is no such upload: one that was never saved is no reason to forget the others. */
async function readLife(stack: LocalStack, uploadId: string): Promise<UploadLife | undefined> {
  try {
    return await stack.readLife(uploadId);
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === NOT_FOUND) return undefined;
    throw error;
  }
}

/** The page's own questions are no news; each would lead to the next. */
function isNews(activity: RecordedActivity): boolean {
  if (activity.type === 'function') return activity.method !== 'GET';
  return activity.type === 'webhook' || activity.type === 'sweep';
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
