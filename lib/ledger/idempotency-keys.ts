import type { JsonObject } from '../validation/json-object.ts';
import type { LedgerDependencies } from './query.ts';
import { cleanText, query, writeJson, writeTime } from './query.ts';

/** A request with an idempotency key, so that repeating it has no effect. */
export interface KeyedRequest {
  readonly owner: string;
  readonly key: string;
  /** Distinguishes requests. */
  readonly fingerprint: string;
  /** The upload that it stands for, if it is new. */
  readonly uploadId: string;
}

/** Whether a key is new, was used for the same request, or for another one; and the upload that it stands for. */
export interface RememberedRequest {
  readonly kind: 'new' | 'same' | 'conflict';
  readonly uploadId: string;
}

/** Requests with idempotency keys. */
export interface IdempotencyKeyLedger {
  rememberRequest(request: KeyedRequest): Promise<RememberedRequest>;
  /** The same for many, in their order; of several with the same key, the first counts as the earliest. */
  rememberRequests(requests: readonly KeyedRequest[]): Promise<readonly RememberedRequest[]>;
  /** Allows the key to be used again, if the request that it stands for had no effect. */
  forgetRequest(request: Pick<KeyedRequest, 'owner' | 'key' | 'uploadId'>): Promise<void>;
}

// The update changes nothing; it makes the statement wait for the row of the first request, and return it. Rows are
// processed in one order, so that two statements never wait for each other.
const REMEMBER = `insert into requests as r (owner, key, fingerprint, upload_id, created_at, remembered_by)
  select owner, key, fingerprint, upload_id, $2::timestamptz, $3
  from jsonb_to_recordset($1::text::jsonb) as n(owner text, key text, fingerprint text, upload_id text)
  order by owner, key
  on conflict (owner, key) do update set key = r.key
  returning owner, key, fingerprint, upload_id, remembered_by`;

const FORGET = 'delete from requests where owner = $1 and key = $2 and upload_id = $3';

/** Creates the part of the ledger for idempotency keys. */
export function createIdempotencyKeyLedger(dependencies: LedgerDependencies): IdempotencyKeyLedger {
  const { connection, clock, random } = dependencies;
  const remember = async (requests: readonly KeyedRequest[]) => {
    const recorder = random.key();
    const first = new Map(requests.toReversed().map((request) => [nameKey(request), request]));
    const rows = writeJson([...first.values()].map(writeRequest));
    const found = await query(connection, REMEMBER, [rows, writeTime(clock.now()), recorder]);
    const kept = new Map(
      found.map((row) => [nameKey({ owner: String(row['owner']), key: String(row['key']) }), row]),
    );
    return requests.map((request): RememberedRequest => {
      const row = kept.get(nameKey(request));
      if (row === undefined) throw new Error('The request that was remembered is not there.');
      const uploadId = String(row['upload_id']);
      if (row['fingerprint'] !== request.fingerprint) return { kind: 'conflict', uploadId };
      const isFirst = row['remembered_by'] === recorder && first.get(nameKey(request)) === request;
      return { kind: isFirst ? 'new' : 'same', uploadId };
    });
  };
  return {
    async rememberRequest(request) {
      const [remembered] = await remember([request]);
      if (remembered === undefined)
        throw new Error('The request that was remembered is not there.');
      return remembered;
    },
    async rememberRequests(requests) {
      return requests.length === 0 ? [] : remember(requests);
    },
    async forgetRequest({ owner, key, uploadId }) {
      await query(connection, FORGET, [owner, key, uploadId]);
    },
  };
}

function nameKey({ owner, key }: Pick<KeyedRequest, 'owner' | 'key'>): string {
  return JSON.stringify([cleanText(owner), cleanText(key)]);
}

function writeRequest({ owner, key, fingerprint, uploadId }: KeyedRequest): JsonObject {
  return { owner, key, fingerprint, upload_id: uploadId };
}
