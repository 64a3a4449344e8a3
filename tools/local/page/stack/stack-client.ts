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
  /** Returns a token of the page's user in `tenant`; another one than `refused`, which was not accepted. */
  readToken(tenant: string, refused?: string): Promise<string>;
  /** Remembers that `tenant` began an upload, since it belongs to that tenant alone. */
  noteBegun(uploadId: string, tenant: string): void;
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
  const tokens = createTokens(controls);
  const callAs = connectFunctions(tokens);
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
    readToken: tokens,
    noteBegun(uploadId, name) {
      begunAs.set(uploadId, name);
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

type ReadToken = LocalStack['readToken'];

/** Returns the function that signs in for each tenant once, and again when a token was refused. */
function createTokens(controls: StackControls): ReadToken {
  const tokens = new Map<string, Promise<string>>();
  return async (tenant, refused) => {
    const known = tokens.get(tenant);
    if (known !== undefined && (await known) !== refused) return known;
    const token = signIn(controls, tenant);
    tokens.set(tenant, token);
    token.catch(() => tokens.delete(tenant));
    return token;
  };
}

/** Returns the function that calls the functions as a tenant. */
function connectFunctions(readToken: ReadToken): (tenant: string) => CallFunction {
  const callOnce = <T>(bearer: string, ...[method, path, body]: Call) =>
    callJson<T>(method, path, body, { authorization: `Bearer ${bearer}` });
  return (tenant) =>
    async (...call) => {
      const token = await readToken(tenant);
      try {
        return await callOnce(token, ...call);
      } catch (error) {
        if (!(error instanceof ProblemError && error.problem.status === UNAUTHORIZED)) throw error;
        return callOnce(await readToken(tenant, token), ...call);
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
