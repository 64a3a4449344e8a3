import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';
import type { main_handler } from '../../functions/callback.ts';
import events from '../fixtures/vod-events.json' with { type: 'json' };
import { captureLog } from '../support/capture-log.ts';
import { forward } from '../support/forward.ts';
import {
  askHandler,
  type EventShape,
  SCF_CONTEXT,
  type TestRequest,
} from '../support/http-events.ts';
import { type KnownVod, startKnownVod } from '../support/known-vod.ts';
import { signCallback } from '../support/sign-callback.ts';

const NOW = Date.UTC(2026, 10, 22, 8, 0, 0);
/** The time at which the function is called, Unix seconds. */
export const NOW_SECONDS = NOW / 1_000;
/** The keys of the function. */
export const KEYS = 'SignKeyNew1,SignKeyOld2';

/** Returns the signature of a notification. */
export const sign = (key = 'SignKeyNew1', t = NOW_SECONDS + 600) => signCallback(key, t);

const MEDIA = [events.NewFileUpload, events.LiveRecording].map(({ FileUploadEvent: task }) => ({
  FileId: task.FileId,
  BasicInfo: task.MediaBasicInfo,
  MetaData: task.MetaData,
}));
const TASKS = [
  { PullUploadTask: events.PullComplete.PullCompleteEvent },
  { PullUploadTask: events.PullFailed.PullCompleteEvent },
  { ProcedureTask: events.ProcedureStateChanged.ProcedureStateChangeEvent },
  { EditMediaTask: events.MediaEdited.EditMediaCompleteEvent },
] as const;

/** Lets the tests of the file call the function behind a trigger, before a VOD that knows all that the fixtures describe. */
export function useTriggeredCallback() {
  let vod: KnownVod;
  const log = captureLog();
  /** By the keys for which it was loaded. */
  const handlers = new Map<string | undefined, typeof main_handler>();

  beforeAll(async () => {
    vod = await startKnownVod();
  });
  afterAll(() => vod.close());
  beforeEach(() => {
    for (const media of MEDIA) vod.media.set(media.FileId, media);
    for (const detail of TASKS) {
      for (const task of Object.values(detail)) vod.tasks.set(task.TaskId, detail);
    }
    vi.stubEnv('VOD_SECRET_ID', 'AKIDexample');
    vi.stubEnv('VOD_SECRET_KEY', 'secret-key-example');
    vi.stubEnv('VOD_API_ENDPOINT', vod.endpoint);
    vi.stubEnv('VOD_API_PROTOCOL', 'http');
    vi.spyOn(Date, 'now').mockReturnValue(NOW);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  /** Returns the function with these keys. */
  async function load(keys: string | undefined): Promise<typeof main_handler> {
    vi.stubEnv('CALLBACK_SIGN_KEYS', keys);
    const known = handlers.get(keys);
    if (known !== undefined) return known;
    vi.resetModules();
    const loaded = await import('../../functions/callback.ts');
    handlers.set(keys, loaded.main_handler);
    return loaded.main_handler;
  }
  return {
    vod: forward(() => vod),
    log,
    /** Returns what sends a request by the trigger, and returns the answer with the line that was logged. */
    behind:
      (toEvent: EventShape['toEvent']) =>
      async (
        request: TestRequest,
        { keys }: { readonly keys: string | undefined } = { keys: KEYS },
      ) => {
        log.clear();
        const answer = await askHandler(await load(keys), toEvent)(request, SCF_CONTEXT);
        return { ...answer, log: log.line };
      },
  };
}
