import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  request as sendRequest,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../../tools/cli/run-cli.ts';
import { writeFunctions } from '../../../tools/deploy/bundle.ts';
import { createActivityLog } from '../../../tools/local/activity.ts';
import { buildRuntime } from '../../../tools/local/gateway/build-runtime.ts';
import { createGateway } from '../../../tools/local/gateway/gateway.ts';
import { refuse, startVodServer, succeed, type VodServer } from '../../support/vod-server.ts';
import { type ApiStage, openApiStage } from '../local/vod/api/api-stage.ts';

/** Variables of a process. */
export type Variables = Readonly<Record<string, string>>;

/** What became of one run of the command. */
export interface Outcome {
  readonly exitCode: number;
  readonly out: string;
  readonly error: string;
}

/** Answers a secret as `openssl rand` would make it. */
export function makeSecret(bytes: number, encoding: 'base64' | 'hex' = 'base64'): string {
  return randomBytes(bytes).toString(encoding);
}

/** Runs the command in this process; `typed` is what the user answers where there is a terminal. */
export async function runCommand(
  args: readonly string[],
  environment: Variables,
  {
    typed,
    now = Date.now,
    folder = tmpdir(),
  }: { readonly typed?: string; readonly now?: () => number; readonly folder?: string } = {},
): Promise<Outcome> {
  let out = '';
  let error = '';
  const exitCode = await runCli(args, {
    environment,
    folder,
    writeOut: (text) => {
      out += text;
    },
    writeError: (text) => {
      error += text;
    },
    ask: typed === undefined ? undefined : () => Promise.resolve(typed),
    colours: false,
    now,
  });
  return { exitCode, out, error };
}

/** A server of a test. */
export interface TestServer {
  /** As `http://localhost:12345`. */
  readonly origin: string;
  readonly close: () => Promise<void>;
}

/** Starts a server on a free port. */
export async function startServer(listener: RequestListener): Promise<TestServer> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The stand-in for VOD, which can be told to answer otherwise than it would. */
export interface VodFront {
  /** Host and port. */
  readonly endpoint: string;
  readonly stage: ApiStage;
  /** Actions that were called, in their order. */
  readonly actions: string[];
  /** Has an action answered by other fields, or refused with a code. */
  readonly override: (action: string, answer: object | string) => void;
  /** Moves VOD's clock. */
  readonly shiftClock: (seconds: number) => void;
  readonly close: () => Promise<void>;
}

/** Opens the stand-in behind a server through which all calls go. */
export async function openVodFront(): Promise<VodFront> {
  const stage = await openApiStage();
  const overrides = new Map<string, object | string>();
  const actions: string[] = [];
  let ahead = 0;
  const server = await startServer((incoming, outgoing) => {
    const action = String(incoming.headers['x-tc-action'] ?? '');
    if (action !== '') actions.push(action);
    const other = overrides.get(action);
    if (typeof other === 'string') refuse(outgoing, other);
    else if (other !== undefined) succeed(outgoing, other);
    else forward(stage.host, ahead, incoming, outgoing);
  });
  return {
    endpoint: new URL(server.origin).host,
    stage,
    actions,
    override: (action, answer) => overrides.set(action, answer),
    shiftClock(seconds) {
      ahead += seconds;
      stage.passSeconds(seconds);
    },
    async close() {
      await server.close();
      await stage.close();
    },
  };
}

/** Hands a request on to `host`, and its answer back with the time of a clock that is so many seconds ahead. */
function forward(
  host: string,
  ahead: number,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  const { method, url, headers } = incoming;
  const [hostname, port] = host.split(':');
  const onward = sendRequest({ hostname, port, method, path: url, headers }, (answer) => {
    const date = new Date(Date.now() + ahead * 1_000).toUTCString();
    outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, date });
    answer.pipe(outgoing);
  });
  onward.once('error', () => outgoing.destroy());
  incoming.pipe(onward);
}

/** The bundles of the functions, on the disk. */
export interface BuiltFunctions {
  /** Serves every function at the path of its name, with its variables. */
  readonly serve: (environments: Readonly<Record<string, Variables>>) => Promise<TestServer>;
  readonly close: () => Promise<void>;
}

/** Builds the functions as they are deployed. */
export async function buildFunctions(): Promise<BuiltFunctions> {
  const folder = await mkdtemp(join(tmpdir(), 'functions-'));
  await writeFunctions(folder);
  const runtime = await buildRuntime(folder);
  return {
    async serve(environments) {
      const gateway = createGateway({
        functions: Object.entries(environments).map(([name, environment]) => ({
          ...{ name, environment, file: join(folder, `${name}.js`) },
          ...{ timeoutSeconds: 10, memoryMegabytes: 128 },
        })),
        timed: [],
        runtime,
        trigger: 'url',
        activity: createActivityLog(),
      });
      const server = await startServer((request, response) => {
        const url = new URL(request.url ?? '/', 'http://localhost');
        const name = url.pathname.slice(1);
        if (!gateway.serves(name)) response.writeHead(404).end();
        else gateway.handle(name, request, response, url).catch(() => response.destroy());
      });
      return {
        origin: server.origin,
        async close() {
          await server.close();
          await gateway.close();
        },
      };
    },
    close: () => rm(folder, { recursive: true }),
  };
}

/** What SCF answers about a function. */
export interface ScfFunction {
  readonly runtime: string;
  /** Name of its execution role. */
  readonly role?: string;
  /** Of its Function URL. */
  readonly origin?: string;
  /** Whether its timer is on; it has none where nothing is said. */
  readonly timer?: boolean;
}

/** Starts what SCF's API would be; a function of which `find` answers nothing is not deployed. */
export function startScf(find: (name: string) => ScfFunction | undefined): Promise<VodServer> {
  return startVodServer((response, { action, parameters }) => {
    const found = find(String(parameters['FunctionName']));
    if (found === undefined) return refuse(response, 'ResourceNotFound.Function');
    if (action === 'GetFunction') {
      return succeed(response, { Runtime: found.runtime, Role: found.role ?? '' });
    }
    const NetConfig = { EnableExtranet: true, ExtranetUrl: found.origin };
    const url = { Type: 'http', TriggerName: 'url', TriggerDesc: JSON.stringify({ NetConfig }) };
    const timer = {
      Type: 'timer',
      TriggerName: 'every-minute',
      Enable: found.timer === true ? 1 : 0,
    };
    const Triggers = [
      ...(found.origin === undefined ? [] : [url]),
      ...(found.timer === undefined ? [] : [timer]),
    ];
    return succeed(response, { Triggers, TotalCount: Triggers.length });
  });
}
