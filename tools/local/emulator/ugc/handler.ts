import { defined } from '../../../../lib/validation/json-object.ts';
import type { Applications } from '../account.ts';
import type { CloudRequest } from '../cloud-request.ts';
import { answerCors, answerJson } from './answers.ts';
import { applyUpload } from './apply.ts';
import { readJson } from './body.ts';
import { createCommitUpload } from './commit.ts';
import type { UgcDependencies } from './dependencies.ts';
import type { Outcome } from './outcome.ts';
import { prepareUpload } from './prepare.ts';
import { type Refusal, refusal, UgcRefusal } from './refusals.ts';

const PATH = '/v3/index.php';

function reportOutcome(
  ugc: UgcDependencies,
  called: { action: string; host: string },
  verdict: Refusal,
  session: Outcome['session'],
): void {
  const path = session?.video?.path ?? session?.cover?.path;
  ugc.activity.report({
    type: 'ugc',
    ...called,
    ...verdict,
    ...(session && { vodSessionKey: session.vodSessionKey, fileId: session.fileId }),
    ...defined({ storagePath: path, sourceContext: session?.sourceContext ?? undefined }),
  });
}

/**
 * Returns the handler of the client upload host: PrepareUploadUGC, ApplyUploadUGC and CommitUploadUGC. As with the
 * real service, the status is always 200, and `code` in the body has the result.
 */
export function createUgcHandler(
  applications: Applications<UgcDependencies>,
): (request: CloudRequest) => Promise<void> {
  const { faults } = applications.own;
  const actions = new Map<string, (body: unknown) => Promise<Outcome>>([
    ['PrepareUploadUGC', (body) => prepareUpload(applications, body)],
    ['ApplyUploadUGC', (body) => applyUpload(applications, body)],
    ['CommitUploadUGC', createCommitUpload(applications)],
  ]);
  const perform = async (request: CloudRequest, action: string): Promise<Outcome> => {
    const body = await readJson(request.incoming);
    const step = request.path === PATH ? actions.get(action) : undefined;
    if (step === undefined || request.incoming.method !== 'POST') {
      const known = [...actions.keys()].join(', ');
      throw refusal('invalid request', `POST ${PATH} with Action one of ${known}`);
    }
    return step(body);
  };

  const answer = async (request: CloudRequest, action: string): Promise<void> => {
    const called = { action, host: request.host };
    try {
      const { data, session } = await perform(request, action);
      reportOutcome(applications.own, called, { code: 0, message: 'ok' }, session);
      const lost = action === 'CommitUploadUGC' && faults.take('lost-commit-answer');
      if (lost) request.outgoing.destroy();
      else answerJson(request.outgoing, 200, { code: 0, message: 'ok', data });
    } catch (error) {
      if (!(error instanceof UgcRefusal)) throw error;
      const verdict = { code: error.code, message: error.message };
      reportOutcome(applications.own, called, verdict, undefined);
      answerJson(request.outgoing, 200, verdict);
    }
  };

  return async (request) => {
    const { incoming, outgoing, host } = request;
    if (answerCors(incoming, outgoing)) return;
    const action = new URLSearchParams(request.query).get('Action') ?? '';
    if (action === 'ApplyUploadUGC' && faults.take('apply-unavailable') !== undefined) {
      const verdict = { code: 503, message: 'ugc upload | unavailable: the emulator was told so' };
      incoming.resume();
      reportOutcome(applications.own, { action, host }, verdict, undefined);
      answerJson(outgoing, 503, verdict);
      return;
    }
    await answer(request, action);
  };
}
