import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { runCli } from '../../../tools/cli/run-cli.ts';
import { createActivityLog } from '../../../tools/local/activity.ts';
import { localAccount } from '../../../tools/local/emulator/account.ts';
import { buildRuntime } from '../../../tools/local/gateway/build-runtime.ts';
import { createGateway } from '../../../tools/local/gateway/gateway.ts';
import { buildFolder } from '../../support/built-folder.ts';
import { type Listening, listen } from '../../support/listen.ts';
import { passOn } from '../../support/lossy-proxy.ts';
import { refuse, startVodServer, succeed, type VodServer } from '../../support/vod-server.ts';
import { type ApiStage, openApiStage } from '../local/emulator/api/api-stage.ts';

/** Variables of a process. */
export type Variables = Readonly<Record<string, string>>;

/** The result of one run of the command. */
export interface Outcome {
  readonly exitCode: number;
  readonly out: string;
  readonly error: string;
}

/** Returns a random secret, in the form in which `openssl rand` prints it. */
export function makeSecret(bytes: number, encoding: 'base64' | 'hex' = 'base64'): string {
  return randomBytes(bytes).toString(encoding);
}

/** What a command finds without a terminal, and without anything on standard input. */
export const NO_TERMINAL = {
  ...{ ask: undefined, colours: false, columns: undefined, draw: undefined },
  ...{ showProgress: () => undefined, onSignal: () => () => undefined },
  endBy: () => undefined,
  untilInterrupted: () => new AbortController().signal,
  input: Readable.from([], { objectMode: false }),
} as const;

/** Runs the command in this process; `typed` is the user's answer to each question on a terminal. */
export async function runCommand(
  args: readonly string[],
  environment: Variables,
  {
    typed,
    now = Date.now,
    folder = tmpdir(),
    asked = [],
    progress = [],
    columns,
    interrupted = new AbortController().signal,
    onOut = () => undefined,
    input = [],
    signals = new EventEmitter(),
  }: {
    readonly typed?: string;
    readonly now?: () => number;
    readonly folder?: string;
    /** The questions are added to it. */
    readonly asked?: string[];
    /** The progress messages are added to it. */
    readonly progress?: string[];
    /** Width of the terminal, if there is one. */
    readonly columns?: number;
    /** Ends a command that goes on until the user ends it. */
    readonly interrupted?: AbortSignal;
    /** Is called with each text that the command writes. */
    readonly onOut?: (text: string) => void;
    /** Standard input. */
    readonly input?: readonly Uint8Array[];
    /** Emits the signals that the process gets. */
    readonly signals?: EventEmitter;
  } = {},
): Promise<Outcome> {
  let out = '';
  let error = '';
  const exitCode = await runCli(args, {
    environment,
    folder,
    writeOut: (text) => {
      out += text;
      onOut(text);
    },
    writeError: (text) => {
      error += text;
    },
    showProgress: (text) => progress.push(text),
    ask:
      typed === undefined
        ? undefined
        : (question) => {
            asked.push(question);
            return Promise.resolve(typed);
          },
    colours: false,
    columns,
    untilInterrupted: () => interrupted,
    now,
    input: Readable.from(input, { objectMode: false }),
    draw: undefined,
    onSignal(name, listener) {
      signals.on(name, listener);
      return () => void signals.off(name, listener);
    },
    endBy: () => undefined,
  });
  return { exitCode, out, error };
}

/** Writes a serverless.yml whose `custom.upload` is `upload` into a new folder, and returns the folder. */
export async function writeService(upload: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'service-'));
  const service = { service: 'other', configValidationMode: 'off', provider: { name: 'tencent' } };
  // Every JSON text is YAML.
  const text = JSON.stringify({ ...service, custom: { upload } });
  await writeFile(join(folder, 'serverless.yml'), text);
  return folder;
}

/** Returns settings with these tenants. */
export function describeTenants(subAppIds: Readonly<Record<string, number>>) {
  return { policy: { tenants: { claim: 'tenant', subAppIds } } };
}

/** A server of the functions. */
export type TestServer = Pick<Listening, 'origin' | 'close'>;

/** The emulator as VOD, with answers that can be replaced. */
export interface VodFront {
  /** Host and port. */
  readonly endpoint: string;
  /** The emulator of the service's own application. */
  readonly stage: ApiStage;
  /** Actions that were called, in order. */
  readonly actions: string[];
  /** Adds another application to the account, with its own settings and media. */
  readonly addApplication: (subAppId: number) => Promise<ApiStage>;
  /** Answers an action with other fields, or refuses it with a code; only in one application if one is given. */
  readonly override: (action: string, answer: object | string, subAppId?: number) => void;
  /** Removes all overrides. */
  readonly restore: () => void;
  /** Moves VOD's clock. */
  readonly shiftClock: (seconds: number) => void;
  readonly close: () => Promise<void>;
}

/** Opens the emulator behind a server that receives all calls. Each application has a separate emulator. */
export async function openVodFront(): Promise<VodFront> {
  const stage = await openApiStage();
  const others = new Map<number, ApiStage>();
  const overrides = new Map<string, object | string>();
  const actions: string[] = [];
  let ahead = 0;
  /** The first emulator refuses an application that does not exist. */
  const pass = async (action: string, subAppId: number, ...call: [IncomingMessage, Buffer]) => {
    const { host } = others.get(subAppId) ?? stage;
    const { status, text } = await passOn(host, ...call);
    return action === 'DescribeSubAppIds'
      ? { status, text: addApplications(text, [...others.keys()]) }
      : { status, text };
  };
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const action = String(incoming.headers['x-tc-action'] ?? '');
    if (action !== '') actions.push(action);
    const body = await buffer(incoming);
    const subAppId = body.length === 0 ? 0 : Number(JSON.parse(`${body}`).SubAppId);
    const other = overrides.get(`${action} ${subAppId}`) ?? overrides.get(action);
    if (typeof other === 'string') return refuse(outgoing, other);
    if (other !== undefined) return succeed(outgoing, other);
    const { status, text } = await pass(action, subAppId, incoming, body);
    const date = new Date(Date.now() + ahead * 1_000).toUTCString();
    outgoing.writeHead(status, { 'Content-Type': 'application/json', date }).end(text);
  };
  const server = await listen(
    createServer((incoming, outgoing) => {
      answer(incoming, outgoing).catch(() => outgoing.destroy());
    }),
  );
  return {
    endpoint: server.host,
    stage,
    actions,
    async addApplication(subAppId) {
      const added = await openApiStage({ account: { ...localAccount(), subAppId } });
      others.set(subAppId, added);
      return added;
    },
    override: (action, answer, subAppId) =>
      overrides.set(subAppId === undefined ? action : `${action} ${subAppId}`, answer),
    restore: () => overrides.clear(),
    shiftClock(seconds) {
      ahead += seconds;
      for (const one of [stage, ...others.values()]) one.passSeconds(seconds);
    },
    async close() {
      await server.close();
      await Promise.all([stage, ...others.values()].map((one) => one.close()));
    },
  };
}

/** Each emulator lists only its own application; this adds the others. */
function addApplications(text: string, subAppIds: readonly number[]): string {
  const { Response } = JSON.parse(text);
  const [first] = Response.SubAppIdInfoSet ?? [];
  if (first === undefined) return text;
  const SubAppIdInfoSet = [first, ...subAppIds.map((SubAppId) => ({ ...first, SubAppId }))];
  return JSON.stringify({ Response: { ...Response, SubAppIdInfoSet } });
}

/** The bundles of the functions, on disk. */
export interface BuiltFunctions {
  /** Serves every function at the path of its name, with its variables. */
  readonly serve: (environments: Readonly<Record<string, Variables>>) => Promise<TestServer>;
  readonly close: () => Promise<void>;
}

/** Builds the functions as they are deployed. */
export async function buildFunctions(): Promise<BuiltFunctions> {
  const { folder, remove } = await buildFolder();
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
      const server = createServer((request, response) => {
        const url = new URL(request.url ?? '/', 'http://localhost');
        const name = url.pathname.slice(1);
        if (!gateway.serves(name)) response.writeHead(404).end();
        else gateway.handle(name, request, response, url).catch(() => response.destroy());
      });
      const { origin, close } = await listen(server);
      return {
        origin,
        async close() {
          await close();
          await gateway.close();
        },
      };
    },
    close: remove,
  };
}

/** The answer of SCF about a function. */
export interface ScfFunction {
  readonly runtime: string;
  /** Name of its execution role. */
  readonly role?: string;
  /** The origin of its Function URL. */
  readonly origin?: string;
  /** Whether its timer is on; undefined for a function without a timer. */
  readonly timer?: boolean;
  /** Its environment variables. */
  readonly variables?: Variables;
}

/** Starts a stand-in for SCF's API; a function for which `find` returns undefined is not deployed. */
export function startScf(find: (name: string) => ScfFunction | undefined): Promise<VodServer> {
  return startVodServer((response, { action, parameters }) => {
    const found = find(String(parameters['FunctionName']));
    if (found === undefined) return refuse(response, 'ResourceNotFound.Function');
    if (action === 'GetFunction') {
      const Variables = Object.entries(found.variables ?? {}).map(([Key, Value]) => ({
        Key,
        Value,
      }));
      const { runtime: Runtime, role: Role = '' } = found;
      return succeed(response, { Runtime, Role, Environment: { Variables } });
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
