import { deriveUploadId, nameUploader } from '../model/upload-id.ts';
import { Problem } from '../problem.ts';
import { openQuotaMemory } from '../uploads/reserve-upload.ts';
import { defined } from '../validation/json-object.ts';
import { createPullId, type UploadIdSources } from './prepare-pull.ts';
import type { IdentifiedPull, PreparedPull, PullStore, SubmittedPull } from './pull-store.ts';

/** Requests with a key that an instance remembers; above this number, the oldest is removed. */
const REMEMBERED_REQUESTS = 10_000;

/** A request with a key, and its result. */
interface KeyedRequest {
  readonly fingerprint: string;
  readonly submitted: Promise<SubmittedPull>;
  readonly resolve: (submitted: SubmittedPull) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Creates the store of an instance without a ledger. It is empty at first, and is lost with its instance: the same key
 * of the same owner stands for the same upload as long as this instance remembers it. The upload's id is the same in
 * every instance, so that VOD, which recognises it for three days, pulls nothing twice.
 */
export function createStatelessPulls(sources: UploadIdSources): PullStore {
  const memory = createRequestMemory();
  const begin = openQuotaMemory(sources.clock);

  const admit = async (pull: PreparedPull) => {
    try {
      await begin(pull.owner, pull.quotas);
      return [];
    } catch (error) {
      memory.fail(pull, error);
      if (error instanceof Problem) return [[pull.job.uploadId, error] as const];
      throw error;
    }
  };

  return {
    sentAtOnce: undefined,
    createId({ owner, subAppId, idempotency }) {
      if (idempotency === undefined) return createPullId(owner, sources);
      return deriveUploadId(nameUploader(owner, subAppId), idempotency.key);
    },
    async identify(pulls) {
      return pulls.map(memory.identify);
    },
    async reserve(sent) {
      const refused = new Map<string, Problem>();
      for (const pull of sent) {
        for (const [uploadId, problem] of await admit(pull)) refused.set(uploadId, problem);
      }
      return refused;
    },
    async accept(pull, taskId) {
      const { uploadId } = pull.job;
      const submitted: SubmittedPull = { uploadId, ...defined({ taskId }), state: 'issued' };
      memory.succeed(pull, submitted);
      return submitted;
    },
    async fail(pull, error) {
      memory.fail(pull, error);
      throw error;
    },
  };
}

/** Creates the memory of requests with a key. A failed one is forgotten, so that the next request is sent again. */
function createRequestMemory() {
  /** By the ids of their uploads. */
  const underWay = new Map<string, KeyedRequest>();
  const done = new Map<string, KeyedRequest>();
  const end = (uploadId: string) => {
    const request = underWay.get(uploadId);
    underWay.delete(uploadId);
    return request;
  };
  return {
    identify(pull: PreparedPull): IdentifiedPull {
      const { idempotency, job } = pull;
      if (idempotency === undefined) return { kind: 'new', pull };
      const known = underWay.get(job.uploadId) ?? done.get(job.uploadId);
      if (known === undefined) {
        underWay.set(job.uploadId, openRequest(idempotency.fingerprint));
        return { kind: 'new', pull };
      }
      const isSame = known.fingerprint === idempotency.fingerprint;
      return isSame ? { kind: 'known', submitted: known.submitted } : { kind: 'conflict' };
    },
    succeed({ job }: PreparedPull, submitted: SubmittedPull): void {
      const request = end(job.uploadId);
      if (request === undefined) return;
      request.resolve(submitted);
      const [oldest] = done.size < REMEMBERED_REQUESTS ? [] : done.keys();
      if (oldest !== undefined) done.delete(oldest);
      done.set(job.uploadId, request);
    },
    fail({ job }: PreparedPull, error: unknown): void {
      end(job.uploadId)?.reject(error);
    },
  };
}

function openRequest(fingerprint: string): KeyedRequest {
  let resolve: KeyedRequest['resolve'] = () => undefined;
  let reject: KeyedRequest['reject'] = () => undefined;
  const submitted = new Promise<SubmittedPull>((...settle) => {
    [resolve, reject] = settle;
  });
  // Concurrent calls with the same request get its error; without any, the rejection must not be unhandled.
  submitted.catch(() => undefined);
  return { fingerprint, submitted, resolve, reject };
}
