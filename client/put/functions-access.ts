import * as v from 'valibot';
import { readToken, type Token } from '../backend.ts';
import { createClientCalls } from './client-calls.ts';
import { callJson, type JsonAnswer } from './json-call.ts';
import { isSessionOver, PutError } from './put-error.ts';
import { readRetryAfter } from './retry-after.ts';
import type { Transport } from './transport.ts';
import type { UploadAccess } from './upload-access.ts';

/** The functions of this service, and who calls them. */
export interface FunctionsOptions {
  /** Address of `signature`. */
  readonly signatureUrl: string;
  /** A JWT or an API key, or what returns one. */
  readonly token: Token;
  /** Fields of `POST /signature`. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly transport: Transport;
  readonly cloudUrl: string | undefined;
  readonly signal: AbortSignal | undefined;
}

const signed = v.object({ signature: v.string(), uploadId: v.string() });

/** Creates the way in through `POST /signature`, with a signature for each step. */
export function createFunctionsAccess(options: FunctionsOptions): UploadAccess {
  const calls = createClientCalls(options);
  const sign = (uploadId?: string) => requestSignature(options, uploadId);
  return {
    target: options.signatureUrl,
    prepare(media) {
      // The functions record an upload with its first signature: further attempts are about the same one.
      let begun: string | undefined;
      return async () => {
        const { signature, uploadId } = await sign(begun).catch((error: unknown) => {
          if (begun !== undefined && isSessionOver(error)) return sign();
          throw error;
        });
        begun = uploadId;
        const applied = await calls.apply(signature, media);
        return { ...applied, session: { ...applied.session, uploadId } };
      };
    },
    async renew({ key, uploadId }) {
      const { signature } = await sign(uploadId);
      return calls.renew(signature, key);
    },
    // Once VOD has the media, the functions sign nothing more for its upload.
    permit: async ({ uploadId }) => (await sign(uploadId)).signature,
    commit: ({ key }, signature) => calls.commit(signature, key),
  };
}

async function requestSignature(
  { signatureUrl, token, fields, transport, signal }: FunctionsOptions,
  uploadId: string | undefined,
) {
  const ask = (bearer: string) =>
    callJson(transport, {
      ...{ method: 'POST', url: new URL(signatureUrl), signal },
      headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
      text: JSON.stringify({ ...fields, ...(uploadId === undefined ? {} : { uploadId }) }),
    });
  const bearer = await readToken(token);
  let answer = await ask(bearer);
  if (answer.status === UNAUTHORIZED && typeof token === 'function') {
    answer = await ask(await readToken(token, bearer));
  }
  const { success, output } = v.safeParse(signed, answer.json);
  if (answer.status === 200 && success) return output;
  const error = explainProblem(answer);
  const isOver = uploadId !== undefined && ENDED.has(error.reason ?? '');
  throw isOver ? new PutError('session_over', error.message, { cause: error }) : error;
}

const UNAUTHORIZED = 401;

/** Codes of the functions for an upload that cannot be continued. */
const ENDED: ReadonlySet<string> = new Set(['upload_finished', 'upload_pruned', 'not_found']);

const problem = v.object({
  code: v.string(),
  detail: v.optional(v.string()),
  errors: v.optional(v.array(v.object({ path: v.string(), message: v.string() }))),
});

/** Returns the error for an answer of the functions that is no success; their problems are written for users. */
export function explainProblem(answer: JsonAnswer): PutError {
  const { status, json } = answer;
  const retryAfter = readRetryAfter(answer);
  const { success, output } = v.safeParse(problem, json);
  // 501 is what needs a database that is not there, and 429 a quota that has room again later.
  const isTransient = (status >= 500 && status !== 501) || status === 429;
  if (!success) {
    return new PutError(
      'refused',
      `The functions answer ${status}${isTransient ? '.' : ' without what was asked for: check their address.'}`,
      {
        isTransient,
        status,
        retryAfter,
      },
    );
  }
  const { code, detail = '', errors = [] } = output;
  const fields = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  const why = fields === '' ? detail : fields;
  return new PutError('refused', `The functions refuse with ${code}: ${why}`, {
    ...{ isTransient, status, retryAfter, reason: code },
  });
}
