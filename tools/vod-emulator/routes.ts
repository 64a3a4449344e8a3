import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Access, answerCors, answerText, isOwnPage } from '../local/access.ts';
import { bundleAsset } from '../local/bundle-asset.ts';
import { localUrl, readCloudRequest } from '../local/cloud-address.ts';
import type { Controls } from '../local/control-handler.ts';
import { isApart, isOpenControl } from './controls.ts';
import type { Resettable } from './resettable.ts';

/** The parts of an emulator that answer requests. */
export interface EmulatorRoutes {
  readonly access: Access;
  readonly controls: Controls;
  readonly use: Resettable['use'];
}

const MEDIA = '/media/';

let shim: Promise<Buffer> | undefined;

/** Passes a request to the part that answers it; never rejects. */
export async function answerRequest(
  routes: EmulatorRoutes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await route(routes, request, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else answerText(response, 500, `The emulator failed: ${String(error)}`);
  }
}

async function route(
  { access, controls, use }: EmulatorRoutes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = access.refuse(request);
  if (refusal !== undefined) return answerText(response, refusal.status, refusal.text);
  const cloudRequest = readCloudRequest(request, response);
  if (cloudRequest !== undefined) return use(response, (emulator) => emulator.handle(cloudRequest));
  const url = localUrl(request);
  const isControl = url.pathname.startsWith('/__local/');
  if (isControl && !isOwnPage(request) && !isOpenControl(url)) {
    return answerText(response, 403, 'This control answers to programs only, and not to pages.');
  }
  if (answerCors(request, response)) return;
  if (url.pathname === '/shim.js') return serveShim(response);
  if (isControl && isApart(url)) return controls(request, response, url);
  if (isControl) return use(response, () => controls(request, response, url));
  if (url.pathname.startsWith(MEDIA)) {
    const path = url.pathname.slice(MEDIA.length);
    return use(response, (emulator) => emulator.serveMedia(path, request, response));
  }
  answerText(
    response,
    404,
    'This is an emulator of Tencent Cloud VOD. It answers requests to the API, to the hosts of VOD and its storage, /media/ and /__local/.',
  );
}

/** Serves the script with which a page's requests to the cloud come here; it is built when it is first asked for. */
async function serveShim(response: ServerResponse): Promise<void> {
  shim ??= bundleAsset('shim/shim.ts', 'iife');
  const headers = { 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': 'no-cache' };
  response.writeHead(200, headers).end(await shim);
}
