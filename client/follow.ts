import { type CallBackend, isTransient } from './backend.ts';
import type { UploadRecord } from './upload-state.ts';
import { jitter, wait } from './wait.ts';

interface FollowContext {
  readonly call: CallBackend;
  /** Address of the upload. */
  readonly url: string;
  readonly signal: AbortSignal;
  /** Called with each new state of the upload. */
  readonly onChange: (upload: UploadRecord) => void;
}

const FIRST_PAUSE_MILLISECONDS = 500;
const MAX_PAUSE_MILLISECONDS = 15_000;
const GROWTH = 1.5;
const NOT_MODIFIED = 304;
/** The others are final, up to what an operator does later. */
const OPEN_STATES: readonly string[] = ['issued', 'uploaded', 'processing'];

/**
 * Resolves with the upload as soon as it has ended. It asks less and less often, and goes on while the service is busy
 * or cannot be reached.
 */
export async function follow(context: FollowContext): Promise<UploadRecord> {
  const { signal, onChange } = context;
  const read = createReader(context);
  for (
    let pause = FIRST_PAUSE_MILLISECONDS;
    ;
    pause = Math.min(MAX_PAUSE_MILLISECONDS, pause * GROWTH)
  ) {
    await wait(jitter(pause), signal);
    try {
      const upload = await read();
      if (upload === undefined) continue;
      if (!OPEN_STATES.includes(upload.state)) return upload;
      onChange(upload);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
    }
  }
}

/** Returns a function that returns the upload, or undefined if it has not changed. */
function createReader({ call, url, signal }: FollowContext) {
  let etag: string | null = null;
  return async (): Promise<UploadRecord | undefined> => {
    const headers: Record<string, string> = etag ? { 'If-None-Match': etag } : {};
    const response = await call(url, { headers, signal });
    if (response.status === NOT_MODIFIED) return undefined;
    etag = response.headers.get('etag');
    return response.json();
  };
}
