import type { IncomingMessage } from 'node:http';
import { isLoopbackName } from './loopback.ts';
import { isCloudHost } from './vod/stand-in.ts';

/** Where a request was meant to go. */
export interface CloudAddress {
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

/** The host that is meant by an API request to this machine itself. */
const API_HOST = 'vod.tencentcloudapi.com';

/** A target as a proxy gets it: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2. */
const ABSOLUTE = /^https?:\/\/([^/?#]+)(.*)$/i;

/** Begins the path under which the shim reaches the cloud's hosts. */
const PREFIX = '/__vod/';

/**
 * Answers the cloud's address that `request` means, or undefined where it means this machine. In this order: the
 * shim's path prefix, an absolute-form target as clients behind a proxy setting send it, the `Host` header, and the
 * looks of an API request, for SDKs whose endpoint is this machine.
 */
export function readCloudAddress(request: IncomingMessage): CloudAddress | undefined {
  const target = request.url ?? '/';
  if (target.startsWith(PREFIX)) {
    const rest = target.slice(PREFIX.length);
    const end = rest.search(/[/?]/);
    const host = end === -1 ? rest : rest.slice(0, end);
    return splitTarget(host, end === -1 ? '/' : rest.slice(end));
  }
  const absolute = ABSOLUTE.exec(target);
  if (absolute !== null) return splitTarget(absolute[1] ?? '', absolute[2] ?? '/');
  const host = readCloudHost(request);
  return host === undefined ? undefined : splitTarget(host, target);
}

function readCloudHost(request: IncomingMessage): string | undefined {
  const host = withoutPort(request.headers.host ?? '');
  if (isCloudHost(host)) return host;
  return isLocalHost(host) && isApiRequest(request) ? API_HOST : undefined;
}

/**
 * Returns whether `request` was sent to this machine or to the cloud, by its `Host` or, as clients behind a proxy setting
 * send it, by its target. No page can choose either but by its own name.
 */
export function isAddressedHere({ url = '/', headers: { host = '' } }: IncomingMessage): boolean {
  return ABSOLUTE.test(url) || isLocalHost(host) || isCloudHost(withoutPort(host));
}

function isLocalHost(host: string): boolean {
  return isLoopbackName(withoutPort(host));
}

/** Newer signatures come with a header that names the action, the older ones with a parameter of a query or form. */
function isApiRequest({ method, url = '/', headers }: IncomingMessage): boolean {
  if ('x-tc-action' in headers) return true;
  const [path, query = ''] = url.split('?');
  if (path !== '/') return false;
  const type = headers['content-type'] ?? '';
  if (method === 'POST') return type.startsWith('application/x-www-form-urlencoded');
  const parameters = new URLSearchParams(query);
  return method === 'GET' && parameters.has('Action') && parameters.has('Signature');
}

/** Answers a host in lower case and without its port. */
function withoutPort(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '');
}

function splitTarget(host: string, target: string): CloudAddress {
  const absolute = target.startsWith('/') ? target : `/${target}`;
  const mark = absolute.indexOf('?');
  return {
    host: withoutPort(host),
    path: mark === -1 ? absolute : absolute.slice(0, mark),
    query: mark === -1 ? '' : absolute.slice(mark + 1),
  };
}
