import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleFunctions } from '../deploy/bundle.ts';
import { type ActivityLog, createActivityLog } from './activity.ts';
import { describeLocalHosts, isLocalHost, readCloudAddress } from './cloud-address.ts';
import { type Controls, createControls } from './controls.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import type { HttpTrigger } from './gateway/http-event.ts';
import { defineFunctions } from './local-functions.ts';
import { loadPageAssets, type PageAsset } from './page-assets.ts';
import { type Account, localAccount } from './vod/account.ts';
import { createFaults, type Faults } from './vod/faults.ts';
import { openStandIn, type StandIn, type StandInOptions } from './vod/stand-in.ts';
import { createSpeedLimit } from './vod/storage/speed-limit.ts';

/** What a local stack is started with. */
export interface LocalStackOptions {
  /** Folder of everything the stack keeps. */
  readonly dir: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly trigger?: HttpTrigger;
  /** Waits, times and sources of the stand-in, for those who cannot wait. */
  readonly standIn?: Partial<
    Pick<
      StandInOptions,
      | 'procedureMilliseconds'
      | 'timeoutMilliseconds'
      | 'attemptWaits'
      | 'pollMilliseconds'
      | 'emptyQueue'
      | 'pull'
    >
  >;
}

/** A running local stack. */
export interface LocalStack {
  /** As `http://localhost:3000`. */
  readonly origin: string;
  readonly account: Account;
  readonly activity: ActivityLog;
  readonly faults: Faults;
  /** Answers a request as the stack's own port does; for further listeners, as one with TLS. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** Only the loopback address: nothing here is meant for a network. */
const ADDRESS = '127.0.0.1';

interface Parts {
  readonly gateway: Gateway;
  readonly standIn: StandIn;
  readonly controls: Controls;
  readonly assets: ReadonlyMap<string, PageAsset>;
}

/**
 * Starts the page, the built functions and the stand-in on one port.
 *
 * @throws an error with `code` `EADDRINUSE` where the port is taken.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const dir = resolve(options.dir);
  let parts: Parts | undefined;
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    if (parts === undefined) response.writeHead(503, { 'Retry-After': '1' }).end();
    else route(parts, request, response).catch((error: unknown) => fail(response, error));
  };
  // An upload over a slow line may take hours; only headers have to come soon.
  const server = createServer({ requestTimeout: 0 }, handle);
  const origin = `http://localhost:${await listen(server, options.port)}`;
  const account = localAccount();
  const activity = createActivityLog();
  const faults = createFaults(activity);
  const speed = createSpeedLimit();
  const callbackUrl = `${origin}/callback`;

  const code = await writeCode(join(dir, 'code'));
  const gateway = createGateway({
    functions: defineFunctions(code, account, origin),
    runtime: join(code, 'instance-process.js'),
    trigger: options.trigger ?? 'url',
    activity,
  });
  const standIn = await openStandIn({
    ...options.standIn,
    ...{ dir: join(dir, 'vod'), account, origin, callbackUrl, activity, faults, speed },
  });
  const controls = createControls({ account, callbackUrl, activity, faults, speed, standIn });
  parts = { gateway, standIn, controls, assets: await loadPageAssets() };

  return {
    origin,
    account,
    activity,
    faults,
    handle,
    async close() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await Promise.all([closed, standIn.close(), gateway.close()]);
    },
  };
}

/** Throws away what a stack kept in `dir`, and nothing else that may be there. */
export async function discardState(dir: string): Promise<void> {
  await rm(join(dir, 'vod'), { recursive: true, force: true });
}

async function route(
  { gateway, standIn, controls, assets }: Parts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const address = readCloudAddress(request);
  if (address !== undefined) {
    const literalHost = request.headers.host ?? '';
    return standIn.handle({ ...address, literalHost, incoming: request, outgoing: response });
  }
  // A page elsewhere could give its own name this machine's address, and then read everything.
  if (!isLocalHost(request.headers.host ?? '')) {
    return refuse(response, 421, `This stack answers to ${describeLocalHosts()} only.`);
  }
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, first = ''] = url.pathname.split('/');
  if (first === '__local') {
    return isForeign(request)
      ? refuse(response, 403, 'The controls answer to their own page only.')
      : controls(request, response, url);
  }
  if (first === 'media') {
    return standIn.serveMedia(url.pathname.slice('/media/'.length), request, response);
  }
  if (gateway.serves(first)) return gateway.handle(first, request, response, url);
  return serveAsset(assets.get(url.pathname), response);
}

function isForeign({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined && headers.origin !== `http://${headers.host}`;
}

function serveAsset(asset: PageAsset | undefined, response: ServerResponse): void {
  if (asset === undefined) {
    refuse(response, 404, 'There is nothing here.');
    return;
  }
  response
    .writeHead(200, {
      'Content-Type': asset.contentType,
      'Cache-Control': 'no-cache',
      'Content-Security-Policy':
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
    })
    .end(asset.content);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else refuse(response, 500, `The local stack failed: ${String(error)}`);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(port, ADDRESS, () => listening((server.address() as AddressInfo).port));
  });
}

/** Writes the bundles of the functions and of the process that runs them, as the cloud would have them on its disk. */
async function writeCode(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  for (const { name, code } of await bundleFunctions()) {
    await writeFile(join(folder, `${name}.js`), code);
  }
  await build({
    entryPoints: [fileURLToPath(new URL('./gateway/instance-process.ts', import.meta.url))],
    outfile: join(folder, 'instance-process.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
  });
  return folder;
}
