import type { Environment } from '../../../lib/config/environment.ts';
import { isJsonObject, type JsonObject } from '../../../lib/validation/json-object.ts';
import { DeployError } from '../../deploy/deploy-error.ts';
import { createFindFunction } from '../cloud/deployed-functions.ts';
import {
  DEPLOYMENT_HELP,
  DEPLOYMENT_OPTIONS,
  type DeploymentChoice,
  readDeployment,
} from '../cloud/deployment-options.ts';
import { readOperator } from '../cloud/operator.ts';
import { CommandError } from '../command.ts';
import { explainFailure } from '../explain-failure.ts';
import { explainFunctionUrl, isLoopback } from '../show-url.ts';

/** Options with which a command finds the `uploads` function. */
export const API_OPTIONS = {
  'uploads-url': { type: 'string' },
  ...DEPLOYMENT_OPTIONS,
  'env-file': { type: 'string' },
} as const;

/** Text of `--help` about them. */
export const API_HELP = `  --uploads-url <url>    address of the uploads function, or http://localhost:3000 for the local stack, instead of
                         looking it up
${DEPLOYMENT_HELP}
  --env-file <file>      reads variables from this file instead of .env.<stage> or .env`;

/** Text of `--help` about the variables that these commands read. */
export const API_VARIABLES = `  VOD_UPLOAD_TOKEN       a token of your identity provider, or an API key; the local stack needs none
  TENCENT_SECRET_ID, TENCENT_SECRET_KEY, TENCENT_TOKEN
                         key to look the function up with, if there is no --uploads-url`;

/** Values of these options. */
interface ApiChoice extends DeploymentChoice {
  readonly 'uploads-url'?: string | undefined;
}

/** A request of the API of `uploads`. */
export interface ApiRequest {
  /** Below `/uploads`, such as `events`; empty for that itself. */
  readonly path: string;
  readonly method?: 'POST' | 'DELETE';
  /** Parameters that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
  readonly signal?: AbortSignal;
  /** A member that the answer has: without it, something else has answered. */
  readonly has?: string;
}

/** The API of `uploads`, for one caller. */
export interface UploadsApi {
  /** The address of the function. */
  readonly url: string;
  /** Returns the answer. @throws {ApiError} if it is refused; {CommandError} if something else answers. */
  readonly ask: (request: ApiRequest) => Promise<JsonObject>;
}

/** The function refused a request, or did not answer it. */
export class ApiError extends CommandError {
  /** HTTP status; undefined if there was no answer. */
  readonly status: number | undefined;
  /** Names of the fields that it refused. */
  readonly fields: readonly string[];
  /** Seconds after which to ask again, if it said so. */
  readonly retryAfter: number | undefined;

  constructor(
    text: string,
    { status, fields = [], retryAfter, ...options }: Partial<ApiError> & ErrorOptions = {},
  ) {
    super(text, options);
    this.status = status;
    this.fields = fields;
    this.retryAfter = retryAfter;
  }
}

/** More than the function waits for a message. */
const ANSWER_MILLISECONDS = 35_000;

/**
 * Returns access to the `uploads` function: at the address of the option, or else of the deployment.
 *
 * @throws {CommandError} if it is not deployed, or there is no token.
 */
export async function openUploadsApi(
  choice: ApiChoice,
  environment: Environment,
): Promise<UploadsApi> {
  const url = await findUrl(choice, environment);
  const authorize = chooseToken(url, environment['VOD_UPLOAD_TOKEN']);
  let token = await authorize();
  return {
    url,
    async ask(request) {
      try {
        return await send(url, token, request);
      } catch (error) {
        const isRefused = error instanceof ApiError && error.status === 401;
        const next = isRefused ? await authorize() : token;
        if (next === token) throw error;
        token = next;
        return send(url, token, request);
      }
    },
  };
}

async function findUrl(choice: ApiChoice, environment: Environment): Promise<string> {
  const given = choice['uploads-url'];
  if (given !== undefined) {
    const message = explainFunctionUrl(given);
    if (message !== undefined) throw new CommandError(`--uploads-url ${message}.`);
    const address = new URL(given);
    const path = address.pathname.replace(/\/+$/, '');
    address.pathname = path.endsWith('/uploads') ? path : `${path}/uploads`;
    return address.href;
  }
  const deployment = readDeployment(choice, environment);
  const { credentials } = readKey(environment);
  const found = await createFindFunction(deployment, credentials, environment)('uploads');
  if (found?.url !== undefined) return found.url;
  const { service, stage, region } = deployment;
  const lack = found === undefined ? 'is not deployed' : 'has no address';
  throw new CommandError(
    `${service}-${stage}-uploads ${lack} in ${region}: deploy it, or set its address with --uploads-url.`,
  );
}

/** @throws {CommandError} that says how to do without a key, if there is none. */
function readKey(environment: Environment): ReturnType<typeof readOperator> {
  try {
    return readOperator(environment);
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    throw new CommandError(
      `${error.message} Or name the function with --uploads-url, such as http://localhost:3000 for the local stack.`,
      { cause: error },
    );
  }
}

/** Returns the function that returns the caller's token: the local stack gives a new one each time. */
function chooseToken(url: string, token: string | undefined): () => Promise<string> {
  if (token !== undefined) return () => Promise.resolve(token);
  if (isLoopback(url)) return () => mintLocalToken(new URL(url).origin);
  throw new CommandError(
    'VOD_UPLOAD_TOKEN must be set: a token of your identity provider, or an API key.',
  );
}

const LOCAL_SCOPES = 'upload:admin upload:read upload:cancel';

async function mintLocalToken(origin: string): Promise<string> {
  const request = {
    method: 'POST',
    body: JSON.stringify({ sub: 'vod-upload', scope: LOCAL_SCOPES }),
  };
  const response = await reach(`${origin}/__local/token`, request);
  const answer = await readJson(response);
  if (response.ok && typeof answer?.['token'] === 'string') return answer['token'];
  throw new CommandError(
    'VOD_UPLOAD_TOKEN must be set: what is at this address is not the local stack, which would give a token.',
  );
}

async function send(
  url: string,
  token: string,
  { path, query = {}, method, body, signal, has }: ApiRequest,
): Promise<JsonObject> {
  const address = new URL(url);
  if (path !== '') address.pathname += `/${path}`;
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) address.searchParams.set(name, String(value));
  }
  const response = await reach(address.href, {
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    method: method ?? 'GET',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  const answer = await readJson(response);
  const isOwn = has === undefined || Object.hasOwn(answer ?? {}, has);
  if (response.ok && answer !== undefined && isOwn) return answer;
  throw explainAnswer(response, answer, address);
}

/** Returns the error for an answer that is no success of the function, or of another server. */
function explainAnswer(
  response: Response,
  answer: JsonObject | undefined,
  { origin, pathname }: URL,
): CommandError {
  const { ok, status } = response;
  const isTransient = status === 429 || status >= 500;
  if (!ok && (isTransient || typeof answer?.['code'] === 'string')) {
    return describeRefusal(response, answer ?? {});
  }
  return new CommandError(
    `What answers ${status} at ${origin}${pathname} is not the function uploads: correct --uploads-url.`,
  );
}

function describeRefusal({ status, headers }: Response, problem: JsonObject): ApiError {
  const { detail, errors } = problem;
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const fields = Array.isArray(errors)
    ? errors.map((error: unknown) => (isJsonObject(error) ? String(error['path']) : ''))
    : [];
  const reason = typeof detail === 'string' ? detail : 'It does not say why.';
  return new ApiError(`uploads answered ${status}: ${reason}`, {
    ...{ status, fields },
    ...(Number.isFinite(seconds) ? { retryAfter: seconds } : {}),
  });
}

/** @throws {ApiError} if there is no answer. */
async function reach(url: string, request: RequestInit): Promise<Response> {
  const limit = AbortSignal.timeout(ANSWER_MILLISECONDS);
  const signal = request.signal ? AbortSignal.any([request.signal, limit]) : limit;
  try {
    return await fetch(url, { ...request, redirect: 'manual', signal });
  } catch (error) {
    throw describeSilence(error);
  }
}

function describeSilence(error: unknown): ApiError {
  const isTimeout = error instanceof Error && error.name === 'TimeoutError';
  const reason = isTimeout
    ? `gave no answer within ${ANSWER_MILLISECONDS / 1_000} seconds`
    : `cannot be reached (${explainFailure(error)})`;
  return new ApiError(`uploads ${reason}.`, { cause: error });
}

/** Returns undefined for what is no JSON object: another server answered. */
async function readJson(response: Response): Promise<JsonObject | undefined> {
  const text = await response.text().catch((error: unknown) => {
    throw describeSilence(error);
  });
  try {
    const parsed: unknown = JSON.parse(text);
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
