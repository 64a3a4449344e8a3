import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CosError } from '../../../tools/local/emulator/storage/cos-error.ts';
import { describeRefusal, findApiService, performApiCall, readApiCall } from './api-handler.ts';
import { CloudError } from './cloud-error.ts';
import type { CloudState } from './cloud-state.ts';
import {
  type CosAnswer,
  describeCosRefusal,
  isCosHost,
  performCosCall,
  readCosCall,
} from './cos-handler.ts';
import type { CloudSettings } from './define-action.ts';
import type { FaultKind, Faults } from './faults.ts';

/** A call that reached the cloud. */
export interface CloudCall {
  /** `scf`, `cam` …, or `cos`. */
  readonly service: string;
  readonly action: string;
  readonly region: string;
  /** An action's own parameters; for the storage: bucket, key and the number of bytes sent. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly signature: 'v1' | 'tc3' | 'cos';
  /** Code of the refusal; undefined if it succeeded. */
  readonly refusal?: string;
  /** The fault that was injected. */
  readonly fault?: FaultKind['kind'];
}

/** What a cloud uses to answer calls, and where it records them. */
export interface Desk {
  readonly state: CloudState;
  readonly faults: Faults;
  readonly calls: CloudCall[];
  readonly strangers: string[];
  readonly settings: () => CloudSettings;
}

interface Refusal extends CosAnswer {
  readonly code: string;
}

/** One of the two protocols of the cloud's services. */
interface Dialect {
  /** Returns what a request asks for; throws if it cannot be read. */
  readonly read: (request: IncomingMessage, host: string, body: Buffer) => Exchange;
  readonly refuse: (error: unknown) => Refusal;
  readonly makeError: (code: string, message: string) => Error;
}

interface Exchange {
  readonly seen: Omit<CloudCall, 'refusal' | 'fault'>;
  readonly perform: () => CosAnswer | Promise<CosAnswer>;
}

/** Returns whether this cloud stands in for a host. */
export function isPlayed(host: string): boolean {
  return findApiService(host) !== undefined || isCosHost(host);
}

/** Answers a request to any of the cloud's hosts, and records it. */
export async function answerExchange(
  desk: Desk,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (!isPlayed(host)) {
    desk.strangers.push(host);
    response.writeHead(404).end();
    return;
  }
  // Without this header, the storage's client believes that the answer came from a proxy.
  response.setHeader('x-cos-request-id', randomUUID());
  const dialect = isCosHost(host) ? speakCos(desk) : speakApi(desk);
  try {
    const exchange = dialect.read(request, host, Buffer.concat(chunks));
    await conclude(desk, dialect, exchange, response);
  } catch (error) {
    send(response, dialect.refuse(error));
  }
}

async function conclude(
  desk: Desk,
  dialect: Dialect,
  { seen, perform }: Exchange,
  response: ServerResponse,
): Promise<void> {
  const { FunctionName: about } = seen.parameters;
  const functionName = typeof about === 'string' ? about : undefined;
  const fault = desk.faults.take(seen.service, seen.action, functionName);
  const call = fault === undefined ? seen : { ...seen, fault: fault.kind };
  if (fault?.kind === 'silence') {
    desk.calls.push(call);
    return;
  }
  try {
    if (fault?.kind === 'refuse') {
      throw dialect.makeError(fault.code, fault.message ?? 'Said so on purpose.');
    }
    const done = await perform();
    desk.calls.push(done.status < 300 ? call : { ...call, refusal: String(done.status) });
    send(response, done, fault);
  } catch (error) {
    desk.calls.push({ ...call, refusal: dialect.refuse(error).code });
    throw error;
  }
}

function speakApi(desk: Desk): Dialect {
  return {
    read: (request, host, body) => {
      const call = readApiCall(request, host, body);
      const { service, action, region, signature, parameters } = call;
      return {
        seen: { service, action, region, signature, parameters },
        perform: async () => {
          const context = { state: desk.state, settings: desk.settings(), now: () => new Date() };
          return writeApi(await performApiCall(call, context));
        },
      };
    },
    refuse: (error) => {
      const refusal = describeRefusal(error);
      return { ...writeApi({ Error: refusal }), code: refusal.Code };
    },
    makeError: (code, message) => new CloudError(code, message),
  };
}

function speakCos(desk: Desk): Dialect {
  return {
    read: (request, host, body) => {
      const call = readCosCall(request, host, body);
      const { action, bucket, key, region } = call;
      const parameters = { bucket, key, bytes: body.length };
      return {
        seen: { service: 'cos', action, region, signature: 'cos', parameters },
        perform: () => performCosCall(call, desk.state, new Date()),
      };
    },
    refuse: (error) => describeCosRefusal(error, randomUUID()),
    makeError: (code, message) => {
      if (code === 'AccessDenied' || code === 'InternalError') return new CosError(code, message);
      throw new RangeError(`The storage has no refusal ${code} here`);
    },
  };
}

/** The status is always 200; a failure is in `Error`. */
function writeApi(answered: object): CosAnswer {
  const body = JSON.stringify({ Response: { ...answered, RequestId: randomUUID() } });
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body };
}

function send(response: ServerResponse, answered: CosAnswer, fault?: FaultKind): void {
  if (fault?.kind === 'lost') {
    response.destroy();
    return;
  }
  const body = Buffer.from(answered.body ?? '');
  const length = answered.status === 204 ? {} : { 'Content-Length': body.length };
  response.writeHead(answered.status, { ...length, ...answered.headers });
  if (fault?.kind === 'half') {
    response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.destroy());
    return;
  }
  response.end(body);
}
