import type { Problem } from '../../../../client/vod-upload.ts';
import { isRecord } from '../stack/problem.ts';
import type { Failure } from './upload.ts';

const ADVICE: Readonly<Record<string, string>> = {
  '10001': 'VOD did not accept a parameter. Check the options and the file name.',
  '10003':
    'A one-time signature serves one upload. Retry: the page asks for a fresh signature each time.',
  '10004': 'The signature was made with another key or was changed on its way.',
  '10010':
    'The signature had expired. Retry asks for a new one; give it a longer life if it is short.',
  '10006': 'The region is not opened for this application. Choose another one in the options.',
  '10005': 'VOD no longer knows this session. Retry starts a new one.',
  '10008': 'The object is not in storage. Retry sends it again.',
  '10009': 'The stored size differs from what was declared. Was the file changed meanwhile?',
};

const SERVER_TROUBLE =
  'The SDK tried several times and gave its session up. Check that the stack runs and which faults are armed; Retry starts from the beginning.';

/** Returns an explanation of what ends an upload. */
export function explainProblem(problem: Problem): Failure {
  const { title, detail: message, code, status, vod, errors: fields = [] } = problem;
  if (status !== undefined) {
    const advice = adviseOnStatus(status);
    const shown = `${status} ${code}`;
    return {
      title: `No signature: ${title}`,
      code: shown,
      message,
      advice,
      fields,
      isResumable: true,
    };
  }
  const ofVod = vod?.code ?? '';
  const advice = ADVICE[ofVod] ?? SERVER_TROUBLE;
  return { title: 'The upload failed', code: ofVod, message, advice, fields, isResumable: false };
}

/** Returns the error of one attempt in a line, while the SDK continues. */
export function summarizeError(error: unknown): string {
  const { code, message } = readSdkError(error);
  return code === '' ? message : `${code}: ${message}`;
}

function adviseOnStatus(status: number): string {
  if (status === 400) return 'Correct the marked options, then retry.';
  if (status === 401) return 'The page signed in again and was refused again. Reload it.';
  if (status === 403) return 'The policy in serverless.yml does not allow this to the caller.';
  if (status === 413) return 'The request is too large. Shorten the source context.';
  return 'The signature function failed. Its log is in the terminal of npm start.';
}

/** The SDK rejects with its own errors, with those of its storage client, or with plain strings. */
function readSdkError(error: unknown): { code: string; message: string } {
  if (typeof error === 'string') return { code: '', message: error };
  if (!isRecord(error)) return { code: '', message: 'The SDK gave no reason.' };
  const inner = isRecord(error['error']) ? error['error'] : {};
  const code = firstText(inner['Code'], error['code'], error['statusCode']);
  const message = firstText(inner['Message'], error['message'], error['error']);
  return { code, message: message || 'The SDK gave no reason.' };
}

function firstText(...values: readonly unknown[]): string {
  const found = values.find(
    (value) => (typeof value === 'string' && value !== '') || typeof value === 'number',
  );
  return found === undefined ? '' : String(found);
}
