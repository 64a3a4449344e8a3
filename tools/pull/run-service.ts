import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject } from '../../lib/validation/json-object.ts';
import { CommandError } from '../cli/command.ts';
import { explainFailure, isTransientStatus } from '../cli/explain-failure.ts';
import {
  type CountedRun,
  foreign,
  type ReadAnswer,
  type Run,
  readCounted,
  readItems,
  readRun,
  readRuns,
  readSent,
  readStep,
  type SentItem,
  type ShownItem,
} from './run-answers.ts';

/** Work on a whole run, which the service does in steps. */
type RunWork = 'pause' | 'resume' | 'retry' | 'cancel' | 'undo';

/** The runs of one caller. */
export interface RunService {
  readonly open: (name: string) => Promise<Run>;
  /** Undefined if there is none of this name. */
  readonly find: (name: string) => Promise<Run | undefined>;
  readonly list: () => AsyncIterable<Run>;
  readonly show: (runId: string) => Promise<CountedRun>;
  readonly items: (
    runId: string,
    query?: Readonly<Record<string, string>>,
  ) => AsyncIterable<ShownItem>;
  /** Makes the items again for each attempt: links in them may have expired. */
  readonly add: (
    runId: string,
    makeItems: () => readonly object[] | Promise<readonly object[]>,
    retry: boolean,
  ) => Promise<readonly SentItem[]>;
  /** Does all steps; returns the sums of what they say. */
  readonly work: (runId: string, work: RunWork) => Promise<Readonly<Record<string, number>>>;
}

/** Where the service is, and who calls. */
export interface ServiceAddress {
  /** Address of the function `pull`, without a path. */
  readonly endpoint: string;
  readonly token: string;
}

/** Attempts for one request, which take some ten minutes: a database may fail over, and a network be gone for a while. */
const ATTEMPTS = 25;
const MAX_PAUSE_MILLISECONDS = 30_000;
const TIME_LIMIT_MILLISECONDS = 90_000;

/** Creates the client of the routes below `/pulls/runs`. Its functions throw a {@link CommandError}. */
export function createRunService({ endpoint, token }: ServiceAddress): RunService {
  const urlOf = (path: string) => `${endpoint.replace(/\/+$/, '')}/pulls/runs${path}`;
  const ask = (method: string, path: string, makeBody?: () => object | Promise<object>) => {
    const url = urlOf(path);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return askPatiently(url, async () => {
      const body = await makeBody?.();
      return { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    });
  };
  const pages = async function* <Item>(
    path: string,
    query: Readonly<Record<string, string>>,
    readPage: ReadAnswer<{ readonly items: readonly Item[] }>,
  ) {
    let cursor: string | undefined;
    do {
      const parameters = new URLSearchParams(cursor === undefined ? query : { ...query, cursor });
      const page = await ask('GET', `${path}?${parameters}`);
      yield* readPage(page, urlOf(path)).items;
      cursor = readCursor(page);
    } while (cursor !== undefined);
  };
  return {
    open: async (name) => readRun(await ask('POST', '', () => ({ name })), urlOf('')),
    async find(name) {
      for await (const run of pages('', { name }, readRuns)) return run;
      return undefined;
    },
    list: () => pages('', { limit: '100' }, readRuns),
    show: async (runId) => readCounted(await ask('GET', `/${runId}`), urlOf(`/${runId}`)),
    items: (runId, query = {}) => pages(`/${runId}/items`, { limit: '1000', ...query }, readItems),
    async add(runId, makeItems, retry) {
      const path = `/${runId}/items`;
      let count = 0;
      const answer = await ask('POST', path, async () => {
        const items = await makeItems();
        count = items.length;
        return { items, ...(retry ? { retry } : {}) };
      });
      return readSent(count)(answer, urlOf(path)).items;
    },
    async work(runId, work) {
      const sums = new Map<string, number>();
      const path = `/${runId}/${work}`;
      let cursor: string | undefined;
      do {
        const body = cursor === undefined ? {} : { cursor };
        const step = readStep(await ask('POST', path, () => body), urlOf(path));
        addNumbers(sums, step);
        cursor = readCursor(step);
      } while (cursor !== undefined);
      return Object.fromEntries(sums);
    },
  };
}

function addNumbers(sums: Map<string, number>, step: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(step)) {
    if (typeof value === 'number') sums.set(name, (sums.get(name) ?? 0) + value);
  }
}

function readCursor({ cursor }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof cursor === 'string' ? cursor : undefined;
}

async function askPatiently(url: string, makeRequest: () => Promise<RequestInit>) {
  for (let attempt = 1; ; attempt += 1) {
    const { body, error, wait } = await askOnce(url, await makeRequest());
    if (body !== undefined) return body;
    if (wait === undefined || attempt >= ATTEMPTS) throw error;
    const pause = Math.min(500 * 2 ** attempt, MAX_PAUSE_MILLISECONDS);
    await sleep(Math.max(wait, pause * (0.5 + Math.random() / 2)));
  }
}

/** A body, or an error; with `wait`, in milliseconds, if another attempt may succeed. */
interface Asked {
  readonly body?: Readonly<Record<string, unknown>>;
  readonly error?: CommandError;
  readonly wait?: number;
}

async function askOnce(url: string, init: RequestInit): Promise<Asked> {
  let response: Response;
  let text: string;
  try {
    const signal = AbortSignal.timeout(TIME_LIMIT_MILLISECONDS);
    // A token is not taken to where another server wants it.
    response = await fetch(url, { ...init, redirect: 'manual', signal });
    text = await response.text();
  } catch (cause) {
    const { host } = new URL(url);
    const reason = explainFailure(cause);
    const message = `${host} cannot be reached (${reason}): check --endpoint and the network.`;
    const error = new CommandError(message, { cause });
    return reason.startsWith('the proxy answers 4') ? { error } : { error, wait: 0 };
  }
  const { ok, status, headers } = response;
  const body = parse(text);
  if (ok && body !== undefined) return { body };
  const error = explain(status, body, url);
  if (!isTransientStatus(status)) return { error };
  const seconds = Number(headers.get('retry-after') ?? 0);
  // It may be a date, whose clock is another.
  return { error, wait: Number.isFinite(seconds) ? seconds * 1_000 : 0 };
}

function explain(
  status: number,
  body: Readonly<Record<string, unknown>> | undefined,
  url: string,
): CommandError {
  const { code, detail } = body ?? {};
  if (typeof code !== 'string') return foreign(status, url);
  const why = typeof detail === 'string' ? `: ${detail}` : '.';
  return new CommandError(`The service refuses with ${code}${why}`);
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
