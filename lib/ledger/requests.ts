import type { RecordDependencies } from './events.ts';
import { writeTime } from './upload-row.ts';

/** A request that its caller has given a key, so that sending it again does nothing again. */
interface KeyedRequest {
  readonly owner: string;
  readonly key: string;
  /** Tells requests apart. */
  readonly fingerprint: string;
  /** The upload that it stands for, if it is new. */
  readonly uploadId: string;
}

/** Whether a key is new, came with the same request before, or with another; and the upload that it stands for. */
interface RememberedRequest {
  readonly kind: 'new' | 'same' | 'conflict';
  readonly uploadId: string;
}

/** What the ledger knows of keyed requests. */
export interface RequestLedger {
  rememberRequest(request: KeyedRequest): Promise<RememberedRequest>;
  /** Lets the key be used anew, when nothing came of the request that it stands for. */
  forgetRequest(request: Pick<KeyedRequest, 'owner' | 'key' | 'uploadId'>): Promise<void>;
}

// The update changes nothing; it makes the statement wait for, and answer, the row of whoever came first.
const REMEMBER = `insert into requests as r (owner, key, fingerprint, upload_id, created_at, remembered_by)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (owner, key) do update set key = r.key
  returning fingerprint, upload_id, remembered_by`;

interface RequestRow {
  readonly fingerprint: string;
  readonly upload_id: string;
  readonly remembered_by: string;
}

const FORGET = 'delete from requests where owner = $1 and key = $2 and upload_id = $3';

/** Answers the part of the ledger that knows keyed requests. */
export function createRequestLedger(dependencies: RecordDependencies): RequestLedger {
  const { connection, now, randomKey } = dependencies;
  return {
    async rememberRequest({ owner, key, fingerprint, uploadId }) {
      const recorder = randomKey();
      const parameters = [owner, key, fingerprint, uploadId, writeTime(now()), recorder];
      const [row] = await connection.run<RequestRow[]>((sql) =>
        sql.unsafe(REMEMBER, parameters, { prepare: true }),
      );
      if (row === undefined) throw new Error('The request that was remembered is not there.');

      if (row.fingerprint !== fingerprint) return { kind: 'conflict', uploadId: row.upload_id };
      const kind = row.remembered_by === recorder ? 'new' : 'same';
      return { kind, uploadId: row.upload_id };
    },
    async forgetRequest({ owner, key, uploadId }) {
      await connection.run((sql) => sql.unsafe(FORGET, [owner, key, uploadId], { prepare: true }));
    },
  };
}
