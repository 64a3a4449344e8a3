import { type PullOutcome, readPullOutcome, readPullOutcomes } from '../pull/pull-outcome.ts';
import { callJson } from './http-call.ts';
import {
  readEvents,
  readUpload,
  readUploads,
  type UploadLife,
  type UploadList,
} from './ledger-answers.ts';
import { ProblemError } from './problem.ts';
import { connectControls, type StackControls } from './stack-controls.ts';
import { claimTenant } from './tenants.ts';

/** The page's request to the signature function; empty fields are left out. */
export interface SignatureFields {
  readonly classId?: number;
  readonly procedure?: string;
  readonly taskNotifyMode?: string;
  readonly sourceContext?: string;
  readonly storageRegion?: string;
  readonly oneTimeValid?: boolean;
  readonly expiresIn?: number;
  readonly mediaExpireTime?: string;
  readonly uploadId?: string;
}

/** Answer of the signature function. */
interface SignatureAnswer {
  readonly signature: string;
  readonly uploadId: string;
  readonly expiresAt: string;
}

/** The page's request to the pull function for one URL. */
export interface PullFields {
  readonly mediaUrl: string;
  readonly mediaType?: string;
  readonly storageRegion?: string;
  readonly idempotencyKey?: string;
}

/** The uploads that the page requests, newest first. */
interface UploadQuery {
  readonly limit: number;
  readonly method?: string;
  /** Cursor of the previous list. */
  readonly cursor?: string;
}

/** The routes of the local stack that the page calls. */
export interface LocalStack extends StackControls {
  /**
   * Calls the function as `tenant`: an upload belongs to the tenant that began it.
   *
   * @throws {ProblemError} with the function's refusal.
   */
  requestSignature(fields: SignatureFields, tenant: string): Promise<SignatureAnswer>;
  /** @throws {ProblemError} with the function's refusal. */
  pullOne(fields: PullFields): Promise<PullOutcome>;
  /**
   * Returns the outcome of each item, in their order.
   *
   * @throws {ProblemError} if the function refused the whole request.
   */
  pullMany(items: readonly PullFields[]): Promise<readonly PullOutcome[]>;
  /** @throws {ProblemError} with the function's refusal. */
  listUploads(query: UploadQuery): Promise<UploadList>;
  /** @throws {ProblemError} with the function's refusal. */
  readLife(uploadId: string): Promise<UploadLife>;
  /** @throws {ProblemError} with the function's refusal. */
  cancelUpload(uploadId: string): Promise<void>;
}

const UNAUTHORIZED = 401;
/** Only the scopes that the page needs: with `upload:admin` it would also get other owners' uploads. */
const SCOPES = 'upload:sign upload:pull upload:read upload:cancel';

/**
 * Returns a client of the stack that served this page. It signs in by itself, and again when its token has expired.
 *
 * @param tenant returns the name of the tenant for calls of the functions; an empty name means the first tenant.
 */
export function connectLocalStack(tenant: () => string): LocalStack {
  const controls = connectControls();
  const callAs = connectFunctions(controls);
  const call: CallFunction = (...request) => callAs(tenant())(...request);
  // A tenant cannot see uploads that another tenant began.
  const begunAs = new Map<string, string>();
  const callOwner = (uploadId: string) => callAs(begunAs.get(uploadId) ?? tenant());
  const begin = (name: string, outcomes: readonly PullOutcome[]) => {
    for (const outcome of outcomes) {
      if (outcome.kind === 'sent') begunAs.set(outcome.uploadId, name);
    }
  };
  return {
    ...controls,
    async requestSignature(fields, name) {
      const answer = await callAs(name)<SignatureAnswer>('POST', '/signature', fields);
      begunAs.set(answer.uploadId, name);
      return answer;
    },
    async pullOne(fields) {
      const name = tenant();
      const outcome = readPullOutcome(await callAs(name)('POST', '/pull', fields));
      begin(name, [outcome]);
      return outcome;
    },
    async pullMany(items) {
      const name = tenant();
      const outcomes = readPullOutcomes(await callAs(name)('POST', '/pull', { items }));
      begin(name, outcomes);
      return outcomes;
    },
    listUploads: async (query) => readUploads(await call('GET', `/uploads?${writeQuery(query)}`)),
    async readLife(uploadId) {
      const path = `/uploads/${encodeURIComponent(uploadId)}`;
      const ask = callOwner(uploadId);
      const [upload, events] = await Promise.all([ask('GET', path), ask('GET', `${path}/events`)]);
      return { upload: readUpload(upload), ...readEvents(events) };
    },
    async cancelUpload(uploadId) {
      await callOwner(uploadId)('DELETE', `/uploads/${encodeURIComponent(uploadId)}`);
    },
  };
}

type Call = readonly [method: string, path: string, body?: unknown];
type CallFunction = <T>(...call: Call) => Promise<T>;

/** Returns the function that calls the functions as a tenant; the first call for each tenant signs in. */
function connectFunctions(controls: StackControls): (tenant: string) => CallFunction {
  const tokens = new Map<string, Promise<string>>();

  function readToken(tenant: string): Promise<string> {
    const token = tokens.get(tenant) ?? signIn(controls, tenant);
    tokens.set(tenant, token);
    return token.catch((error: unknown) => {
      tokens.delete(tenant);
      throw error;
    });
  }
  async function callOnce<T>(tenant: string, ...[method, path, body]: Call): Promise<T> {
    const bearer = await readToken(tenant);
    return callJson<T>(method, path, body, { authorization: `Bearer ${bearer}` });
  }
  return (tenant) =>
    async (...call) => {
      try {
        return await callOnce(tenant, ...call);
      } catch (error) {
        if (!(error instanceof ProblemError && error.problem.status === UNAUTHORIZED)) throw error;
        tokens.delete(tenant);
        return callOnce(tenant, ...call);
      }
    };
}

async function signIn(controls: StackControls, tenant: string): Promise<string> {
  const { tenants } = await controls.readInfo();
  const { token } = await callJson<{ token: string }>('POST', '/__local/token', {
    ...{ sub: 'local-page', scope: SCOPES },
    claims: claimTenant(tenants, tenant),
  });
  return token;
}

function writeQuery({ limit, ...rest }: UploadQuery): URLSearchParams {
  return new URLSearchParams({ limit: String(limit), ...rest });
}
