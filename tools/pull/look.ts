import { explainFailure } from '../cli/explain-failure.ts';

/** What a source says about itself. */
interface Look {
  /** In bytes; undefined if the source does not say. */
  readonly size?: number;
  /** Why it cannot be pulled. */
  readonly refusal?: string;
  /** Whether parts of it can be fetched, so that VOD may continue after an interruption. */
  readonly hasRanges?: boolean;
}

/** Looks at the source at a URL; never rejects. */
export type LookAt = (url: string) => Promise<Look>;

const TIME_LIMIT_MILLISECONDS = 20_000;

/** Sources that are looked at together, in all and of one host. */
const AT_ONCE = 64;
const AT_ONE_HOST = 8;

/** Statuses of servers that do not answer HEAD, and of URLs that are signed for GET alone. */
const NO_HEAD: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 501]);

/** Creates the function that looks at sources, at few of one host at the same time. */
export function createLook(fetchSource: typeof fetch): LookAt {
  const lanes = new Map<string, ReturnType<typeof createLanes>>();
  const all = createLanes(AT_ONCE);
  return (url) => {
    const { host } = new URL(url);
    const lane = lanes.get(host) ?? createLanes(AT_ONE_HOST);
    lanes.set(host, lane);
    return lane(() => all(() => look(url, fetchSource)));
  };
}

/** Returns the function that does work as soon as fewer than `most` of it is being done. */
function createLanes(most: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

async function look(url: string, fetchSource: typeof fetch): Promise<Look> {
  try {
    const head = await ask(url, fetchSource, { method: 'HEAD' });
    const { status, headers } = head;
    const isSized = head.ok && headers.has('content-length');
    if (isSized)
      return describe(
        headers,
        Number(headers.get('content-length')),
        headers.get('accept-ranges') === 'bytes',
      );
    if (!head.ok && !NO_HEAD.has(status)) return { refusal: `the source answers ${status}` };
    return await lookAtPart(url, fetchSource);
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    return {
      refusal: isLate
        ? 'the source gives no answer in 20 seconds'
        : `the source cannot be reached (${explainFailure(error)})`,
    };
  }
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-content-range */
const CONTENT_RANGE = /^bytes \d+-\d+\/(\d+)$/;

async function lookAtPart(url: string, fetchSource: typeof fetch): Promise<Look> {
  const { status, headers } = await ask(url, fetchSource, { headers: { range: 'bytes=0-0' } });
  if (status === 206) {
    const total = CONTENT_RANGE.exec(headers.get('content-range') ?? '')?.[1];
    return describe(headers, total === undefined ? undefined : Number(total), true);
  }
  // An empty file has no first byte.
  if (status === 416) return { refusal: 'the source is empty' };
  if (status !== 200) return { refusal: `the source answers ${status}` };
  const length = headers.get('content-length');
  return describe(headers, length === null ? undefined : Number(length), false);
}

async function ask(url: string, fetchSource: typeof fetch, init: RequestInit): Promise<Response> {
  const signal = AbortSignal.timeout(TIME_LIMIT_MILLISECONDS);
  const response = await fetchSource(url, {
    ...init,
    signal,
    headers: { 'accept-encoding': 'identity', ...init.headers },
  });
  await response.body?.cancel();
  return response;
}

function describe(headers: Headers, size: number | undefined, hasRanges: boolean): Look {
  // A page that says that one has to log in, or that the file is gone.
  if (/^text\/html\b/i.test(headers.get('content-type') ?? ''))
    return { refusal: 'the source is a web page' };
  if (size === 0) return { refusal: 'the source is empty' };
  return { hasRanges, ...(size === undefined ? {} : { size }) };
}
