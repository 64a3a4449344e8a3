import type { IncomingMessage, ServerResponse } from 'node:http';
import * as v from 'valibot';
import type { ActivityLog, RecordedActivity } from './activity.ts';

/** Answers a request below `/__local/`, which exists only on this machine and not in the cloud. */
export type Controls = (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
) => Promise<void>;

/** Returns the answer to a request with a JSON body. */
export type Control<Parts> = (parts: Parts, body: unknown) => unknown;

/** A failure that is not the fault of the request. */
interface Failure {
  readonly status: number;
  readonly detail: string;
}

const MAX_BODY_BYTES = 64 * 1024;
/** Most bytes of activities in memory for one reader of the stream. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

/**
 * Returns the controls, and the stream of activities with them.
 *
 * @param controls by method and path.
 * @param findFailure returns undefined if the request is wrong.
 */
export function createControlHandler<Parts extends { readonly activity: ActivityLog }>(
  parts: Parts,
  controls: Readonly<Record<string, Control<Parts>>>,
  findFailure: (error: unknown) => Failure | undefined = () => undefined,
): Controls {
  return async (request, response, url) => {
    if (request.method === 'GET' && url.pathname === '/__local/events') {
      streamActivities(parts.activity, request, response, url);
      return;
    }
    const control = controls[`${request.method} ${url.pathname}`];
    if (control === undefined) {
      answerJson(response, 404, { detail: `The controls are ${Object.keys(controls).join(', ')}` });
      return;
    }
    try {
      answerJson(response, 200, await control(parts, await readJson(request)));
    } catch (error) {
      const { status, detail } = findFailure(error) ?? { status: 400, detail: explain(error) };
      answerJson(response, status, { detail });
    }
  };
}

function explain(error: unknown): string {
  if (!v.isValiError(error)) return String(error);
  return error.issues
    .map((issue) => `${v.getDotPath(issue) ?? 'body'}: ${issue.message}`)
    .join('; ');
}

/** Streams activities as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html. */
function streamActivities(
  activity: ActivityLog,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write('retry: 1000\n\n');
  const write = (recorded: RecordedActivity) => {
    // A reader that does not keep up begins again with what is stored, when it connects again.
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
    else response.write(`id: ${recorded.seq}\ndata: ${JSON.stringify(recorded)}\n\n`);
  };
  const since = Number(request.headers['last-event-id'] ?? url.searchParams.get('since') ?? 0);
  for (const recorded of activity.since(Number.isFinite(since) ? since : 0)) write(recorded);
  request.once('close', activity.listen(write));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) throw new RangeError('The body is too large');
  }
  return text === '' ? {} : JSON.parse(text);
}

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    .end(JSON.stringify(body));
}
