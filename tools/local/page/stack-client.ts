import { ProblemError, readProblem } from './problem.ts';
import { type PullOutcome, readPullOutcome, readPullOutcomes } from './pull-outcome.ts';

/** What the page asks of the signature function; empty fields are left out. */
export interface SignatureFields {
  readonly classId?: number;
  readonly procedure?: string;
  readonly taskNotifyMode?: string;
  readonly sourceContext?: string;
  readonly storageRegion?: string;
  readonly oneTimeValid?: boolean;
  readonly expiresIn?: number;
  readonly mediaExpireTime?: string;
  readonly uploadId?: string;
}

/** Answer of the signature function. */
interface SignatureAnswer {
  readonly signature: string;
  readonly uploadId: string;
  readonly expiresAt: string;
}

/** What the page asks of the pull function for one URL. */
export interface PullFields {
  readonly mediaUrl: string;
  readonly mediaType?: string;
  readonly storageRegion?: string;
  readonly idempotencyKey?: string;
}

/** What the stand-in has committed. */
export interface LibraryEntry {
  readonly fileId: string;
  readonly name: string;
  readonly mediaUrl: string;
}

/** The parts of `/__local/info` that the page shows; it reads no key. */
export interface StackInfo {
  readonly subAppId: number;
  readonly secretId: string;
  readonly regions: readonly string[];
  readonly callbackUrl: string;
  readonly media: readonly LibraryEntry[];
}

/** A fault that waits for its moment. */
export interface ArmedFault {
  readonly fault: string;
  readonly times: number;
  readonly value?: number;
}

/** Faults there are, and those that are armed. */
export interface FaultList {
  readonly available: Readonly<Record<string, string>>;
  readonly armed: readonly ArmedFault[];
}

/** The routes of the local stack that the page calls. */
export interface LocalStack {
  /** @throws {ProblemError} What the function refused, and why. */
  requestSignature(fields: SignatureFields): Promise<SignatureAnswer>;
  /** @throws {ProblemError} What the function refused, and why. */
  pullOne(fields: PullFields): Promise<PullOutcome>;
  /**
   * Answers what became of each item, in their order.
   *
   * @throws {ProblemError} Where the function refused the request as a whole.
   */
  pullMany(items: readonly PullFields[]): Promise<readonly PullOutcome[]>;
  readInfo(): Promise<StackInfo>;
  listFaults(): Promise<FaultList>;
  armFault(armed: ArmedFault): Promise<void>;
  disarmFaults(): Promise<void>;
  readSpeed(): Promise<number | null>;
  setSpeed(bytesPerSecond: number | null): Promise<void>;
}

const UNAUTHORIZED = 401;

/** Answers the stack that served this page; it signs in by itself and again when its token has expired. */
export function connectLocalStack(): LocalStack {
  let token: Promise<string> | undefined;

  const signIn = () =>
    call<{ token: string }>('POST', '/__local/token', {
      sub: 'local-page',
      scope: 'upload:sign upload:pull',
    }).then((answer) => answer.token);

  async function callOnce<T>(path: string, body: unknown): Promise<T> {
    token ??= signIn();
    const bearer = await token.catch((error: unknown) => {
      token = undefined;
      throw error;
    });
    return call<T>('POST', path, body, { authorization: `Bearer ${bearer}` });
  }

  async function callFunction<T>(path: string, body: unknown): Promise<T> {
    try {
      return await callOnce<T>(path, body);
    } catch (error) {
      if (!(error instanceof ProblemError && error.problem.status === UNAUTHORIZED)) throw error;
      token = undefined;
      return callOnce<T>(path, body);
    }
  }

  return {
    ...connectControls(),
    requestSignature: (fields) => callFunction('/signature', fields),
    pullOne: async (fields) => readPullOutcome(await callFunction<unknown>('/pull', fields)),
    pullMany: async (items) => readPullOutcomes(await callFunction<unknown>('/pull', { items })),
  };
}

type Controls = Omit<LocalStack, 'requestSignature' | 'pullOne' | 'pullMany'>;

function connectControls(): Controls {
  return {
    readInfo: () => call('GET', '/__local/info'),
    listFaults: () => call('GET', '/__local/faults'),
    armFault: (armed) => call('POST', '/__local/faults', armed),
    disarmFaults: () => call('DELETE', '/__local/faults'),
    readSpeed: () =>
      call<{ bytesPerSecond: number | null }>('GET', '/__local/speed').then(
        (answer) => answer.bytesPerSecond,
      ),
    setSpeed: (bytesPerSecond) => call('POST', '/__local/speed', { bytesPerSecond }),
  };
}

async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new ProblemError(await readProblem(response));
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
