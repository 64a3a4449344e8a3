import type { WithLedger } from '../ledger/lazy-ledger.ts';
import { Problem } from '../problem.ts';
import { respondUnlessCached } from '../runtime/conditional.ts';
import { type HttpEvent, readJsonBody, readPath, readQueryFields } from '../runtime/http-event.ts';
import type { Answer } from '../runtime/http-handler.ts';
import type { Clock } from '../system.ts';
import { refuseOptions } from '../validation/query.ts';
import { viewEndpoint } from './endpoint-view.ts';
import { replayDeliveries } from './replay.ts';
import { replayDeadItem } from './replay-dead-item.ts';
import {
  parseItemRequest,
  parsePageQuery,
  parseReplayQuery,
  parseReplayRequest,
} from './upload-query.ts';
import { formatMilliseconds } from './upload-view.ts';

/** A request of an operator, which is already authorized. */
interface OperatorCall {
  readonly event: HttpEvent;
  readonly ledger: WithLedger;
  readonly clock: Pick<Clock, 'now'>;
}

/** Returns a page of dead deliveries. @throws {Problem} */
export async function listDeadDeliveries({ event, ledger }: OperatorCall): Promise<Answer> {
  const query = parsePageQuery(readQueryFields(event));
  const { items, ...rest } = await ledger(async (each) =>
    (await each.deadDeliveries()).listDeadDeliveries(query),
  );
  const views = items.map(({ diedAt, ...dead }) => ({
    ...dead,
    diedAt: formatMilliseconds(diedAt),
  }));
  return respondUnlessCached(event, { items: views, ...rest });
}

/** Returns a page of dead items, latest first. @throws {Problem} */
export async function listDeadItems({ event, ledger }: OperatorCall): Promise<Answer> {
  const query = parsePageQuery(readQueryFields(event));
  const { items, ...rest } = await ledger((each) => each.listDeadItems(query));
  const views = items.map(({ firstFailedAt, diedAt, ...dead }) => ({
    ...dead,
    firstFailedAt: formatMilliseconds(firstFailedAt),
    diedAt: formatMilliseconds(diedAt),
  }));
  return respondUnlessCached(event, { items: views, ...rest });
}

/** Has the next sweep retry a dead item. @throws {Problem} */
export async function replayItem({ event, ledger, clock }: OperatorCall): Promise<Answer> {
  const item = parseItemRequest(readJsonBody(event, {}));
  const isReplayed = await ledger((each) => replayDeadItem(item, each, clock.now()));
  return { status: 202, body: { replayed: isReplayed ? 1 : 0 } };
}

/** Makes the dead deliveries of one upload due again, if `find` finds it. @throws {Problem} */
export async function replayUpload(
  { event, ledger, uploadId }: OperatorCall & { readonly uploadId: string },
  find: () => Promise<unknown>,
): Promise<Answer> {
  const request = parseReplayRequest(readJsonBody(event, {}));
  await find();
  return { status: 202, body: { replayed: await replayDeliveries(uploadId, request, ledger) } };
}

/** Makes dead deliveries due again, and returns how many and the next cursor. @throws {Problem} */
export async function replayMany({ event, ledger }: OperatorCall): Promise<Answer> {
  const query = parseReplayQuery(readJsonBody(event, {}));
  return {
    status: 202,
    body: await ledger(async (each) => (await each.deadDeliveries()).replayMany(query)),
  };
}

/** Returns all endpoints with their state and their waiting deliveries. @throws {Problem} */
export async function listEndpoints({ event, ledger }: OperatorCall): Promise<Answer> {
  refuseOptions(readQueryFields(event));
  const endpoints = await ledger((each) => each.listEndpoints());
  return respondUnlessCached(event, { items: endpoints.map(viewEndpoint) });
}

/** Resumes an endpoint, so that its waiting deliveries are sent, and returns it. @throws {Problem} */
export async function resumeEndpoint({ event, ledger }: OperatorCall): Promise<Answer> {
  refuseOptions(readJsonBody(event, {}));
  const [, name] = readPath(event, 'uploads');
  const find = async () =>
    (await ledger((each) => each.listEndpoints())).find(({ endpoint }) => endpoint === name);
  const known = await find();
  if (known === undefined) {
    throw new Problem('There is no endpoint with this id: GET /uploads/endpoints has them all.', {
      code: 'not_found',
    });
  }
  await ledger((each) => each.resumeEndpoint(known.endpoint));
  return { status: 200, body: viewEndpoint((await find()) ?? known) };
}
