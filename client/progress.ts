import { createBackend, type Token } from './backend.ts';
import { VodUploadError } from './problem.ts';
import type { VodUpload } from './upload.ts';
import type { Endpoints } from './vod-upload.ts';

/** How the service is reached. */
export interface ProgressOptions {
  /** Address of the service, below which is `/uploads`, or that of `uploads` itself. */
  readonly endpoint: string | Pick<Required<Endpoints>, 'uploads'>;
  readonly token: Token;
}

/** Least time between two reports of one upload. */
const PAUSE_MILLISECONDS = 5_000;

/**
 * Tells the service how much of a file was sent, at most every five seconds, so that others see it as `progress` of the
 * upload: an owner's other devices, or a support team. What the service does not take is not reported again, and affects the
 * upload in no way. Returns the function that ends this; it also ends with the upload.
 */
export function reportProgress(
  upload: Pick<VodUpload, 'id' | 'state' | 'subscribe'>,
  { endpoint, token }: ProgressOptions,
): () => void {
  const base =
    typeof endpoint === 'string' ? `${endpoint.replace(/\/$/, '')}/uploads` : endpoint.uploads;
  const call = createBackend(token);
  let lastAt = Number.NEGATIVE_INFINITY;
  let isBusy = false;
  const report = async () => {
    const { state, id } = upload;
    if (isBusy || state.name !== 'uploading' || !id) return;
    const now = performance.now();
    if (now - lastAt < PAUSE_MILLISECONDS) return;
    lastAt = now;
    isBusy = true;
    const body = JSON.stringify({ size: state.total, sent: Math.min(state.loaded, state.total) });
    try {
      await call(`${base}/${id}/progress`, { method: 'PUT', body });
    } catch (error) {
      if (isRefused(error)) end();
    }
    isBusy = false;
  };
  const end = upload.subscribe(() => void report());
  void report();
  return end;
}

/** Returns whether the next report would be refused, too: there is no database, or no right, or the upload has ended. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof VodUploadError)) return true;
  const { status = 0 } = error.problem;
  return status === 501 || (status >= 400 && status < 500 && status !== 401 && status !== 429);
}
