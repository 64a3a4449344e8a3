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
import type { Upload } from '../lib/model/upload.ts';
import { isFinished } from '../lib/model/upload-state.ts';
import { findTenantApplication } from '../lib/policy/applications.ts';
import type { Settings } from '../lib/policy/settings.ts';
import { respondUnlessCached } from '../lib/runtime/conditional.ts';
import {
  type HttpEvent,
  matchRoute,
  readHeader,
  readPath,
  readQueryFields,
} from '../lib/runtime/http-event.ts';
import { type Answer, httpHandler, type Route } from '../lib/runtime/http-handler.ts';
import { routeWithSettings } from '../lib/runtime/route-with-settings.ts';
import type { Clock } from '../lib/system.ts';
import { clock, type Deadline, random } from '../lib/system.ts';
import { uploadFinished } from '../lib/uploads/reserve-upload.ts';
import { viewTimeline } from '../lib/uploads/timeline-view.ts';
import { type ReadProgress, readWhileIssued } from '../lib/uploads/upload-progress.ts';
import { parseUploadQuery } from '../lib/uploads/upload-query.ts';
import { findVisibleUpload, viewUpload } from '../lib/uploads/upload-view.ts';
import { UPLOAD_ID } from '../lib/validation/fields.ts';

/** Dependencies of the route. */
export interface UploadsDependencies {
  readonly config: UploadsConfig;
  /** API keys, which identify callers in addition to tokens, and the tenants. */
  readonly settings: Pick<Settings, 'keys' | 'policy'>;
  readonly clock: Pick<Clock, 'now'>;
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
  readonly clock: Pick<Clock, 'now'>;
  /** Empty where the path has no upload id. */
  readonly uploadId: string;
  /** When the platform ends the call. */
  readonly deadline: Deadline;
}

type Perform = (call: Call) => Promise<Answer>;

/** What one method of one path does, and the scope that it needs. */
type Operation = readonly [method: string, path: string, scope: Scope, perform: Perform];

/** What is below `/uploads`. */
const ROUTES: readonly Operation[] = [
  ['GET', '/', 'upload:read', listUploads],
  ['GET', '/events', 'upload:read', read('listMessages')],
  ['GET', '/events/:eventId', 'upload:read', read('showMessage')],
  ['GET', '/:uploadId', 'upload:read', showUpload],
  ['GET', '/:uploadId/events', 'upload:read', showEvents],
  ['PUT', '/:uploadId/progress', 'upload:sign', reportProgress],
  ['DELETE', '/:uploadId', 'upload:cancel', cancelUpload],
  ['POST', '/:uploadId/replay', 'upload:admin', replayUpload],
  ['GET', '/dead-deliveries', 'upload:admin', operate('listDeadDeliveries')],
  ['POST', '/dead-deliveries/replay', 'upload:admin', operate('replayMany')],
  ['GET', '/dead-items', 'upload:admin', operate('listDeadItems')],
  ['POST', '/dead-items/replay', 'upload:admin', operate('replayItem')],
  ['GET', '/endpoints', 'upload:admin', operate('listEndpoints')],
  ['POST', '/endpoints/:endpoint/resume', 'upload:admin', operate('resumeEndpoint')],
];

/** Returns the routes below `/uploads`. */
export function createUploadsRoute(dependencies: UploadsDependencies): Route {
  const { config, settings, clock, ledger, readProgress } = dependencies;
  const authenticate = createAuthenticate(config.auth, settings.keys);
  return async (event, { log, deadline }) => {
    const caller = await authenticate(
      readHeader(event, 'authorization'),
      Math.floor(clock.now() / 1_000),
    );
    log.owner = caller.owner;
    const path = readPath(event, 'uploads');
    const [, , scope, perform] = matchRoute(ROUTES, String(event.httpMethod), path);
    requireScope(caller, scope);
    const { policy } = settings;
    const seesAll = policy.tenants === undefined || mayReadAll(caller);
    const subAppId = seesAll ? undefined : findTenantApplication(policy, caller);
    if (ledger === undefined) throw ledgerRequired('This service keeps no record of uploads');

    const [uploadId = ''] = path;
    if (UPLOAD_ID.test(uploadId)) log.uploadId = uploadId;
    const owner = mayReadAll(caller) ? undefined : caller.owner;
    const known = { event, caller, owner, subAppId, ledger, clock, uploadId };
    return perform({ ...known, deadline, readProgress });
  };
}

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
  const [events, actions] = await ledger(async (each) => {
    const timeline = await each.timeline();
    return Promise.all([timeline.listEvents(uploadId), timeline.listActions(uploadId)]);
  });
  return respondUnlessCached(event, viewTimeline(uploadId, events, actions));
}

async function reportProgress(call: Call): Promise<Answer> {
  const { saveReport } = await import('../lib/uploads/report-progress.ts');
  return saveReport(call, () => findUpload(call));
}

async function replayUpload(call: Call): Promise<Answer> {
  const routes = await import('../lib/uploads/operator-routes.ts');
  return routes.replayUpload(call, () => findUpload(call));
}

/** Returns an operation of consumers, whose code is loaded when one of them asks. */
function read(name: 'listMessages' | 'showMessage'): Perform {
  return async (call) => (await import('../lib/webhooks/message-feed.ts'))[name](call);
}

/** Returns an operation of operators, whose code is loaded when one of them asks. */
function operate(
  name: Exclude<keyof typeof import('../lib/uploads/operator-routes.ts'), 'replayUpload'>,
): Perform {
  return async (call) => (await import('../lib/uploads/operator-routes.ts'))[name](call);
}

function findUpload({ uploadId, ledger, ...scope }: Call): Promise<Upload> {
  return findVisibleUpload(uploadId, scope, ledger);
}

function mayReadAll({ scopes }: Caller): boolean {
  return scopes.has('upload:admin');
}

/** The function's entry point. */
export const main_handler = httpHandler('uploads', ['GET', 'POST', 'PUT', 'DELETE'], () => {
  const config = readUploadsConfig(process.env);
  const ledger = openLedgerLazily(config, { clock, random });
  const readProgress = openProgressLazily(process.env, ledger, { clock, random });
  const route = routeWithSettings(import.meta.dirname, (settings) =>
    createUploadsRoute({ config, settings, clock, ledger, readProgress }),
  );
  const { corsOrigins, corsHeaders } = config;
  return { corsOrigins, corsHeaders, route, ready: checkDatabase(config) };
});
