import { randomUUID } from 'node:crypto';
import type { CloudRequest } from '../cloud-request.ts';
import type { Faults } from '../faults.ts';
import { answerJson } from '../ugc/answers.ts';
import { secondsOf } from '../ugc/dependencies.ts';
import { findAction } from './actions.ts';
import { ApiError, apiError } from './api-error.ts';
import { type ApiCall, readCall } from './read-call.ts';
import type { ApiAnswer, ApiServices } from './services.ts';

/** The version of the API that is spoken here. */
const VERSION = '2018-07-17';

/**
 * Answers the handler of the API host. As with the real service, the status is 200 whatever happens, and `Error` of the
 * `Response` tells what did.
 */
export function createApiHandler(api: ApiServices): (request: CloudRequest) => Promise<void> {
  return async (request) => {
    const requestId = randomUUID();
    const { incoming, outgoing } = request;
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort());
    if (api.faults.take('api-timeout') !== undefined) {
      incoming.resume();
      return;
    }
    if (api.faults.take('api-down') !== undefined) {
      incoming.socket.destroy();
      return;
    }
    let action = '';
    try {
      const call = await readCall(request);
      action = call.action;
      const answer = await perform(api, call, gone.signal);
      api.activity.report({ type: 'api', action, requestId });
      if (api.faults.take('lost-api-answer') !== undefined) outgoing.destroy();
      else answerJson(outgoing, 200, { Response: { ...answer, RequestId: requestId } });
    } catch (error) {
      // A client that is gone, perhaps in the middle of its request, reads no answer.
      if (outgoing.destroyed) return;
      const { code, message } = asApiError(error);
      api.activity.report({ type: 'api', action, requestId, code, message });
      const refusal = { Error: { Code: code, Message: message }, RequestId: requestId };
      answerJson(outgoing, 200, { Response: refusal });
    }
  };
}

async function perform(api: ApiServices, call: ApiCall, signal: AbortSignal): Promise<ApiAnswer> {
  const { action, version, isFlat } = call;
  if (action === '') throw apiError('MissingParameter', 'The request names no Action');
  call.verify(api.account, secondsOf(api.now));
  takeRefusal(api.faults);
  if (version === undefined) throw apiError('MissingParameter', 'The request has no Version');
  if (version !== VERSION) throw apiError('NoSuchVersion', `Version must be ${VERSION}`);
  const performAction = findAction(action);
  if (performAction === undefined) {
    throw apiError('InvalidAction', `The local stand-in does not know the action ${action}`);
  }
  const parameters = call.readParameters();
  checkApplication(api, parameters['SubAppId']);
  return performAction(api, { parameters, isFlat, signal });
}

function takeRefusal(faults: Faults): void {
  if (faults.take('request-limit-exceeded') !== undefined) {
    throw apiError('RequestLimitExceeded', 'The stand-in was told to say so');
  }
  if (faults.take('internal-error') !== undefined) {
    throw apiError('InternalError', 'The stand-in was told to say so');
  }
}

/** What is no number at all is left to the check of the action's parameters. */
function checkApplication({ account }: ApiServices, subAppId: unknown): void {
  const id = Number(subAppId ?? account.subAppId);
  if (Number.isNaN(id) || id === account.subAppId || id === account.appId) return;
  throw apiError(
    'InvalidParameterValue.SubAppId',
    `SubAppId ${id} is not an application of this account`,
  );
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return apiError('InternalError', `The local stand-in for VOD failed: ${String(error)}`);
}
