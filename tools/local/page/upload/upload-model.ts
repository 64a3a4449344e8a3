import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { SignatureFields } from '../../../../client/vod-upload.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import type { LedgerUpload } from '../stack/ledger-answers.ts';
import type { LocalStack } from '../stack/stack-client.ts';
import type { UploadStore } from '../uploads-list/upload-store.ts';
import { createFileNames, type FileNames } from './file-names.ts';
import { createResumeKeeper, type ResumeKeeper } from './resume-keeper.ts';
import { forgetSdkSession } from './sdk.ts';
import { deriveStages, type StageView } from './stages.ts';
import { amend, isRunning, NO_UPLOAD, type Stage, type Upload } from './upload.ts';
import { startUpload, type UploadRun } from './upload-run.ts';

/** The one upload of the page, and what can be done with it. */
export interface UploadModel
  extends Pick<ResumeKeeper, 'note' | 'forget'>,
    Pick<FileNames, 'names'> {
  readonly upload: ReadonlySignal<Upload>;
  /** The upload in the backend; undefined until the backend knows it. */
  readonly kept: ReadonlySignal<LedgerUpload | undefined>;
  readonly stages: ReadonlySignal<Readonly<Record<Stage, StageView>>>;
  /** Takes a file, unless another one is on its way. */
  choose(file: File): boolean;
  chooseCover(cover: File | null): void;
  start(fields: SignatureFields): void;
  pause(): void;
  resume(): void;
  /** Stops sending; a start continues with the missing parts. */
  stop(): void;
  /** Cancels the upload in the backend; returns what went wrong, or null. */
  cancel(): Promise<string | null>;
  reset(): void;
}

interface ModelContext {
  readonly stack: LocalStack;
  readonly facts: ServerFacts;
  readonly uploads: UploadStore;
  readonly tenant: ReadonlySignal<string>;
}

/** Returns the model before a file is chosen. */
export function createUploadModel({ stack, facts, uploads, tenant }: ModelContext): UploadModel {
  const upload = signal(NO_UPLOAD);
  const uploadId = computed(() => upload.value.uploadId ?? '');
  const kept = computed(() => uploads.upload(uploadId.value));
  const keeper = createResumeKeeper(upload, facts, tenant);
  const { names, note } = createFileNames();
  let run: UploadRun | undefined;

  effect(keeper.follow);
  effect(() => {
    const { file } = upload.peek();
    if (uploadId.value !== '' && file !== null) note(uploadId.value, file.name);
  });
  effect(() => (uploadId.value === '' ? undefined : uploads.follow(uploadId.value)));
  effect(() => {
    if (kept.value?.state !== 'cancelled' || upload.peek().isGivenUp) return;
    run?.stop();
    giveUp(upload, keeper);
  });

  return {
    upload,
    kept,
    names,
    note: keeper.note,
    forget: keeper.forget,
    stages: computed(() => deriveStages(upload.value, facts)),
    choose(file) {
      const { cover } = upload.peek();
      if (isRunning(upload.peek())) return false;
      upload.value = { ...NO_UPLOAD, phase: 'ready', file, cover };
      return true;
    },
    chooseCover(cover) {
      if (!isRunning(upload.peek())) amend(upload, { cover });
    },
    start(fields) {
      const signing = { stack, tenant: tenant.peek(), fields };
      run = startUpload({ ...signing, upload });
    },
    pause: () => run?.pause(),
    resume: () => run?.resume(),
    stop: () => run?.stop(),
    cancel: () => uploads.cancel(uploadId.peek()),
    reset() {
      upload.value = NO_UPLOAD;
    },
  };
}

/** The backend has cancelled the upload, so neither the SDK nor the page may continue it. */
function giveUp(upload: Parameters<typeof amend>[0], keeper: ResumeKeeper): void {
  const { applied, phase } = upload.peek();
  if (applied !== null) forgetSdkSession(applied.vodSessionKey);
  keeper.forget();
  if (phase !== 'done') amend(upload, { phase: 'cancelled', isGivenUp: true, failure: null });
}
