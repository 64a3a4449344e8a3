import * as v from 'valibot';
import { explainProblem } from '../../client/put/functions-access.ts';
import { callJson } from '../../client/put/json-call.ts';
import { type Patience, withRetry } from '../../client/put/retry.ts';
import type { Transport } from '../../client/put/transport.ts';
import { isFinished, UPLOAD_STATES, type UploadState } from '../../lib/model/upload-state.ts';
import type { Clock } from '../../lib/system.ts';

/** An upload of which the end is awaited. */
export interface WatchRequest {
  /** Address of `uploads`, without `/uploads`. */
  readonly endpoint: string;
  readonly token: string;
  readonly uploadId: string;
  readonly transport: Transport;
  readonly clock: Pick<Clock, 'sleep'>;
  /** How a question that fails is repeated. */
  readonly patience: Patience;
  /** Called with each new state. */
  readonly onState: (state: UploadState) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What became of an upload. */
export interface WatchedUpload {
  readonly state: UploadState;
  /** Code of the reason why it did not become ready. */
  readonly problem: string | undefined;
}

const upload = v.object({
  state: v.picklist(UPLOAD_STATES),
  problem: v.optional(v.object({ code: v.string() })),
});

/** Milliseconds between two questions: the first ones follow soon, since most media are ready within seconds. */
const PAUSE = { first: 500, last: 10_000 };

/** Asks for an upload until it has ended. @throws {PutError} if the functions refuse; the reason of the signal. */
export async function watchUpload(request: WatchRequest): Promise<WatchedUpload> {
  const { clock, signal, onState } = request;
  let last: UploadState | undefined;
  for (let pause = PAUSE.first; ; pause = Math.min(pause * 1.5, PAUSE.last)) {
    const { state, problem } = await withRetry(() => readUpload(request), request.patience);
    if (state !== last) onState(state);
    last = state;
    if (isFinished(state)) return { state, problem: problem?.code };
    await clock.sleep(pause, signal).catch(() => signal?.throwIfAborted());
  }
}

async function readUpload({ endpoint, token, uploadId, transport, signal }: WatchRequest) {
  const answer = await callJson(transport, {
    ...{ method: 'GET', url: new URL(`${endpoint}/uploads/${uploadId}`), signal },
    headers: { Authorization: `Bearer ${token}` },
  });
  const { success, output } = v.safeParse(upload, answer.json);
  if (answer.status === 200 && success) return output;
  throw explainProblem(answer);
}
