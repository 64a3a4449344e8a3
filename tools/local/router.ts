import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Access, answerCors, answerText, isOwnPage } from './access.ts';
import { localUrl, readCloudRequest } from './cloud-address.ts';
import { CONSUMER_PATH, type Consumer } from './consumer.ts';
import type { Controls } from './control-handler.ts';
import { isOpenControl } from './controls.ts';
import type { Emulator } from './emulator/emulator.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { PageAsset } from './page-assets.ts';

/** The parts of the stack that answer requests. */
export interface StackParts {
  readonly access: Access;
  readonly gateway: Gateway;
  readonly emulator: Emulator;
  readonly controls: Controls;
  readonly consumer: Consumer;
  /** By path. */
  readonly assets: ReadonlyMap<string, PageAsset>;
}

/** Passes a request to the part that answers it; never rejects. */
export async function answerRequest(
  parts: StackParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await route(parts, request, response);
  } catch (error) {
    fail(response, error);
  }
}

async function route(
  { access, gateway, emulator, controls, consumer, assets }: StackParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = access.refuse(request);
  if (refusal !== undefined) return answerText(response, refusal.status, refusal.text);
  const cloudRequest = readCloudRequest(request, response);
  if (cloudRequest !== undefined) return emulator.handle(cloudRequest);
  const url = localUrl(request);
  const [, root = ''] = url.pathname.split('/');
  // In the cloud each function has its own host; runs are at a path of their own below that of pulls.
  const first = root === 'pulls' ? 'pull' : root;
  if (url.pathname === CONSUMER_PATH) return consumer(request, response);
  if (gateway.serves(first)) return gateway.handle(first, request, response, url);
  if (first === '__local' && !isOwnPage(request) && !isOpenControl(url)) {
    return answerText(response, 403, 'This control answers to the page of this stack only.');
  }
  if (answerCors(request, response)) return;
  if (first === '__local') return controls(request, response, url);
  if (first === 'media') {
    return emulator.serveMedia(url.pathname.slice('/media/'.length), request, response);
  }
  return serveAsset(assets.get(url.pathname), response);
}

function serveAsset(asset: PageAsset | undefined, response: ServerResponse): void {
  if (asset === undefined) {
    answerText(response, 404, 'There is nothing here.');
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

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else answerText(response, 500, `The local stack failed: ${String(error)}`);
}
