import { randomUUID } from 'node:crypto';
import type { Applications } from '../account.ts';
import { atEitherTime } from '../clock.ts';
import type { CloudRequest } from '../cloud-request.ts';
import type { Faults } from '../faults.ts';
import { answerJson } from '../ugc/answers.ts';
import { findAction } from './actions.ts';
import { ApiError, apiError } from './api-error.ts';
import { demandSubAppId } from './parameters.ts';
import { type ApiCall, readCall } from './read-call.ts';
import type { ApiAnswer, ApiServices } from './services.ts';

/** The version of the API that is emulated. */
const VERSION = '2018-07-17';

/**
 * Returns the handler of the API host. As with the real service, the status is always 200, and a
 * failure is in `Error` of the `Response`.
 */
export function createApiHandler(
  applications: Applications<ApiServices>,
): (request: CloudRequest) => Promise<void> {
  const { faults, activity } = applications.own;
  return async (request) => {
    const requestId = randomUUID();
    const { incoming, outgoing } = request;
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort());
    if (faults.take('api-timeout') !== undefined) {
      incoming.resume();
      return;
    }
    if (faults.take('api-down') !== undefined) {
      incoming.socket.destroy();
      return;
    }
    let action = '';
    try {
      const call = await readCall(request);
      action = call.action;
      const answer = await perform(applications, call, gone.signal);
      activity.report({ type: 'api', action, requestId });
      if (faults.take('lost-api-answer') !== undefined) outgoing.destroy();
      else answerJson(outgoing, 200, { Response: { ...answer, RequestId: requestId } });
    } catch (error) {
      // A client that has disconnected, perhaps during its request, reads no answer.
      if (outgoing.destroyed) return;
      const { code, message } = asApiError(error);
      activity.report({ type: 'api', action, requestId, code, message });
      const refusal = { Error: { Code: code, Message: message }, RequestId: requestId };
      answerJson(outgoing, 200, { Response: refusal });
    }
  };
}

async function perform(
  applications: Applications<ApiServices>,
  call: ApiCall,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const { account, clock, faults } = applications.own;
  const { action, version, isFlat } = call;
  if (action === '') throw apiError('MissingParameter', 'The request names no Action');
  atEitherTime(clock, (now) => call.verify(account, Math.floor(now.getTime() / 1_000)));
  takeRefusal(faults);
  if (version === undefined) throw apiError('MissingParameter', 'The request has no Version');
  if (version !== VERSION) throw apiError('NoSuchVersion', `Version must be ${VERSION}`);
  const performAction = findAction(action);
  if (performAction === undefined) {
    throw apiError('InvalidAction', `The local emulator does not know the action ${action}`);
  }
  const parameters = call.readParameters();
  return performAction(findServices(applications, parameters['SubAppId']), {
    parameters,
    isFlat,
    signal,
  });
}

function takeRefusal(faults: Faults): void {
  if (faults.take('request-limit-exceeded') !== undefined) {
    throw apiError('RequestLimitExceeded', 'The emulator was told to say so');
  }
  if (faults.take('internal-error') !== undefined) {
    throw apiError('InternalError', 'The emulator was told to say so');
  }
}

/** A value that is not a number is refused later, by the check of the action's parameters. */
function findServices({ own, of }: Applications<ApiServices>, subAppId: unknown): ApiServices {
  const named = Number(subAppId ?? 0);
  return Number.isNaN(named) ? own : of(demandSubAppId(own.account, named));
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return apiError('InternalError', `The local emulator for VOD failed: ${String(error)}`);
}
