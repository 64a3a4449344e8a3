import {
  type Caller,
  createAuthenticate,
  requireScope,
  type Scope,
} from '../lib/auth/authenticate.ts';
import { checkDatabase } from '../lib/config/database-config.ts';
import { openProgressLazily } from '../lib/config/lazy-progress.ts';
import { readUploadsConfig, type UploadsConfig } from '../lib/config/uploads-config.ts';
import { ledgerRequired, openLedgerLazily, type WithLedger } from '../lib/ledger/lazy-ledger.ts';
import { uploadPruned } from '../lib/model/pruned-upload.ts';
import type { Upload } from '../lib/model/upload.ts';
import { isFinished } from '../lib/model/upload-state.ts';
import { findTenantApplication } from '../lib/policy/applications.ts';
import type { Settings } from '../lib/policy/settings.ts';
import { Problem } from '../lib/problem.ts';
import { respondUnlessCached } from '../lib/runtime/conditional.ts';
import {
  type HttpEvent,
  readHeader,
  readPath,
  readQueryFields,
} from '../lib/runtime/http-event.ts';
import {
  type Answer,
  httpHandler,
  methodNotAllowed,
  type Route,
} from '../lib/runtime/http-handler.ts';
import { routeWithSettings } from '../lib/runtime/route-with-settings.ts';
import { clock, type Deadline, random } from '../lib/system.ts';
import { uploadFinished } from '../lib/uploads/reserve-upload.ts';
import { viewTimeline } from '../lib/uploads/timeline-view.ts';
import { type ReadProgress, readWhileIssued } from '../lib/uploads/upload-progress.ts';
import { parseUploadQuery } from '../lib/uploads/upload-query.ts';
import { viewUpload } from '../lib/uploads/upload-view.ts';
import { UPLOAD_ID } from '../lib/validation/fields.ts';

/** Dependencies of the route. */
export interface UploadsDependencies {
  readonly config: UploadsConfig;
  /** API keys, which identify callers in addition to tokens, and the tenants. */
  readonly settings: Pick<Settings, 'keys' | 'policy'>;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Undefined without a database: then nothing is known about any upload. */
  readonly ledger: WithLedger | undefined;
  /** Asks VOD how far it has fetched a pull; undefined where VOD cannot be asked. */
  readonly readProgress?: ReadProgress | undefined;
}

/** A request that its caller may make. */
interface Call extends Pick<UploadsDependencies, 'readProgress'> {
  readonly event: HttpEvent;
  readonly caller: Caller;
  /** Whose uploads the caller sees; undefined if those of all. */
  readonly owner: string | undefined;
  /**
   * Application of the caller's tenant: the caller sees the uploads of this one alone. Undefined: it sees those of all.
   */
  readonly subAppId: number | undefined;
  readonly ledger: WithLedger;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Empty where the path has no upload id. */
  readonly uploadId: string;
  /** When the platform ends the call. */
  readonly deadline: Deadline;
}

/** What one method of one path does, and the scope that it needs. */
type Operation = readonly [scope: Scope, perform: (call: Call) => Promise<Answer>];

/** The operations of one path by their methods. */
type Resource = ReadonlyMap<string, Operation>;

/** Returns the routes below `/uploads`. */
export function createUploadsRoute(dependencies: UploadsDependencies): Route {
  const { config, settings, now, ledger, readProgress } = dependencies;
  const authenticate = createAuthenticate(config.auth, settings.keys);
  return async (event, { log, deadline }) => {
    const caller = await authenticate(
      readHeader(event, 'authorization'),
      Math.floor(now() / 1_000),
    );
    log.owner = caller.owner;
    const path = readPath(event, 'uploads');
    const [scope, perform] = findOperation(path, event);
    requireScope(caller, scope);
    const { policy } = settings;
    const seesAll = policy.tenants === undefined || mayReadAll(caller);
    const subAppId = seesAll ? undefined : findTenantApplication(policy, caller);
    if (ledger === undefined) throw ledgerRequired('This service keeps no record of uploads');

    const [uploadId = ''] = path;
    if (UPLOAD_ID.test(uploadId)) log.uploadId = uploadId;
    const owner = mayReadAll(caller) ? undefined : caller.owner;
    const known = { event, caller, owner, subAppId, ledger, now, uploadId };
    return perform({ ...known, deadline, readProgress });
  };
}

function findOperation(path: readonly string[], { httpMethod }: HttpEvent): Operation {
  const resource = findResource(path);
  if (resource === undefined) throw refuseUnknown('There is nothing at this path.');
  const method = String(httpMethod);
  const operation = resource.get(method);
  if (operation === undefined) throw methodNotAllowed(method, [...resource.keys()]);
  return operation;
}

function findResource([first, ...rest]: readonly string[]): Resource | undefined {
  if (first === undefined) return UPLOADS;
  const [second, ...others] = rest;
  if (first === 'endpoints') return findEndpoints(rest);
  if (second === undefined) return LISTS.get(first) ?? UPLOAD;
  if (others.length > 0) return undefined;
  if (first === 'events') return MESSAGE;
  if (second === 'replay') return REPLAYS.get(first) ?? REPLAY;
  return LISTS.has(first) ? undefined : OF_UPLOAD.get(second);
}

function findEndpoints([endpoint, verb, ...rest]: readonly string[]): Resource | undefined {
  if (endpoint === undefined) return ENDPOINTS;
  return verb === 'resume' && rest.length === 0 ? RESUME : undefined;
}

const UPLOADS = answers('GET', 'upload:read', listUploads);
const UPLOAD: Resource = new Map<string, Operation>([
  ['GET', ['upload:read', showUpload]],
  ['DELETE', ['upload:cancel', cancelUpload]],
]);
const PROGRESS = answers('PUT', 'upload:sign', async (call) =>
  (await import('../lib/uploads/report-progress.ts')).saveReport(call, () => findUpload(call)),
);
const EVENTS = answers('GET', 'upload:read', showEvents);
/** What is below the path of an upload. */
const OF_UPLOAD: ReadonlyMap<string, Resource> = new Map([
  ['events', EVENTS],
  ['progress', PROGRESS],
]);
const REPLAY = answers('POST', 'upload:admin', async (call) =>
  (await import('../lib/uploads/operator-routes.ts')).replayUpload(call, () => findUpload(call)),
);
const MESSAGES = answers('GET', 'upload:read', async (call) =>
  (await import('../lib/webhooks/message-feed.ts')).listMessages(call),
);
const MESSAGE = answers('GET', 'upload:read', async (call) =>
  (await import('../lib/webhooks/message-feed.ts')).showMessage(call),
);
const ENDPOINTS = answersOperator('GET', 'listEndpoints');
const RESUME = answersOperator('POST', 'resumeEndpoint');

function answers(method: string, ...operation: Operation): Resource {
  return new Map([[method, operation]]);
}

/** What only operators ask for is loaded when one of them does. */
function answersOperator(
  method: string,
  name: Exclude<keyof typeof import('../lib/uploads/operator-routes.ts'), 'replayUpload'>,
): Resource {
  return answers(method, 'upload:admin', async (call) =>
    (await import('../lib/uploads/operator-routes.ts'))[name](call),
  );
}

/** Path segments that name a list instead of an upload; none of them is a valid upload id. */
const LISTS: ReadonlyMap<string, Resource> = new Map([
  ['dead-deliveries', answersOperator('GET', 'listDeadDeliveries')],
  ['dead-items', answersOperator('GET', 'listDeadItems')],
  ['events', MESSAGES],
]);
const REPLAYS: ReadonlyMap<string, Resource> = new Map([
  ['dead-deliveries', answersOperator('POST', 'replayMany')],
  ['dead-items', answersOperator('POST', 'replayItem')],
]);

async function listUploads({ event, caller, owner, subAppId, ledger }: Call): Promise<Answer> {
  const query = parseUploadQuery(readQueryFields(event));
  if ((query.owner ?? caller.owner) !== caller.owner) requireScope(caller, 'upload:admin');
  // Nobody checks the contents that are reported, so those of other owners are shown only to who asks for them.
  const of = query.owner ?? (query.content && caller.owner) ?? owner;
  const { items, ...rest } = await ledger((each) =>
    each.listUploads({ ...query, owner: of, subAppId }),
  );
  return respondUnlessCached(event, { items: items.map(viewUpload), ...rest });
}

async function showUpload(call: Call): Promise<Answer> {
  const upload = await findUpload(call);
  const progress = await readWhileIssued(upload, call);
  return respondUnlessCached(call.event, { ...viewUpload(upload), ...progress });
}

async function cancelUpload(call: Call): Promise<Answer> {
  const { ledger, uploadId } = call;
  const found = await findUpload(call);
  // An upload in a final state stays as it is, so a repeated request changes nothing.
  const upload = isFinished(found.state)
    ? found
    : await ledger((each) => each.transition(uploadId, 'cancelled'));
  if (upload?.state !== 'cancelled') throw uploadFinished(upload?.state ?? 'deleted');
  return { status: 200, body: viewUpload(upload) };
}

async function showEvents(call: Call): Promise<Answer> {
  const { event, ledger, uploadId } = call;
  await findUpload(call);
  const [events, actions] = await ledger((each) =>
    Promise.all([each.listEvents(uploadId), each.listActions(uploadId)]),
  );
  return respondUnlessCached(event, viewTimeline(uploadId, events, actions));
}

/**
 * Returns the upload if the caller may see it; for any other caller it does not exist.
 *
 * @throws {Problem} `upload_pruned` if the caller might have seen it, else `not_found`.
 */
async function findUpload({ caller, subAppId, ledger, uploadId }: Call): Promise<Upload> {
  const maySee = (upload: Pick<Upload, 'owner' | 'subAppId'>) =>
    mayReadAll(caller) ||
    (upload.owner === caller.owner && (subAppId === undefined || upload.subAppId === subAppId));
  if (UPLOAD_ID.test(uploadId)) {
    const upload = await ledger((each) => each.findUpload(uploadId));
    if (upload !== undefined && maySee(upload)) return upload;
    const pruned = upload ?? (await ledger((each) => each.findPrunedUpload(uploadId)));
    if (pruned !== undefined && 'prunedAt' in pruned && maySee(pruned)) throw uploadPruned(pruned);
  }
  throw refuseUnknown(
    UPLOAD_ID.test(uploadId)
      ? 'There is no upload with this id.'
      : 'There is no upload with this id: an uploadId has 26 digits and capital letters, such as 01M817BHKVC70379HNNTTY6AVN.',
  );
}

function mayReadAll({ scopes }: Caller): boolean {
  return scopes.has('upload:admin');
}

function refuseUnknown(detail: string): Problem {
  return new Problem(detail, { code: 'not_found' });
}

/** The function's entry point. */
export const main_handler = httpHandler('uploads', ['GET', 'POST', 'PUT', 'DELETE'], () => {
  const config = readUploadsConfig(process.env);
  const ledger = openLedgerLazily(config, { now: clock.now, randomKey: random.key });
  const readProgress = openProgressLazily(process.env, ledger, { clock, random });
  const route = routeWithSettings(import.meta.dirname, (settings) =>
    createUploadsRoute({ config, settings, now: clock.now, ledger, readProgress }),
  );
  const { corsOrigins, corsHeaders } = config;
  return { corsOrigins, corsHeaders, route, ready: checkDatabase(config) };
});
