import type { IncomingMessage } from 'node:http';
import { isCloudHost } from './emulator/emulator.ts';
import { isLoopbackName } from './loopback.ts';

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

/** A path under which the shim reaches one of the cloud's hosts. */
const SHIM_PATH = /^\/__vod\/([^/?]*)(.*)$/;

/**
 * Returns the cloud's address that `request` means, or undefined where it means this machine. In this order: the
 * shim's path prefix, the host of an absolute-form target as clients behind a proxy setting send it, the `Host` header,
 * and the looks of an API request, for SDKs whose endpoint is this machine.
 */
export function readCloudAddress(request: IncomingMessage): CloudAddress | undefined {
  const { authority, target } = readTarget(request);
  const shimmed = SHIM_PATH.exec(target);
  if (shimmed !== null) return splitTarget(shimmed[1] ?? '', shimmed[2] ?? '');
  const host = withoutPort(authority ?? request.headers.host ?? '');
  if (isCloudHost(host)) return splitTarget(host, target);
  return isLocalHost(host) && isApiRequest(request, target)
    ? splitTarget(API_HOST, target)
    : undefined;
}

/** Returns the target of a request as a server gets it, and the host that stood before it, if one did. */
function readTarget({ url = '/' }: IncomingMessage) {
  const absolute = ABSOLUTE.exec(url);
  return absolute === null
    ? { authority: undefined, target: url }
    : { authority: absolute[1] ?? '', target: absolute[2] ?? '' };
}

/**
 * Returns the names that `request` was sent to, in lower case and with their ports: its `Host`, and that of its target
 * where a client behind a proxy setting sent it.
 */
export function listAddressed(request: IncomingMessage): string[] {
  const { host = '' } = request.headers;
  const { authority } = readTarget(request);
  return (authority === undefined ? [host] : [host, authority]).map((name) => name.toLowerCase());
}

/** Returns whether `name`, in lower case, is one of this machine or one of the cloud that the stack speaks for. */
export function isServedHere(name: string): boolean {
  return isLocalHost(name) || isCloudHost(withoutPort(name));
}

function isLocalHost(host: string): boolean {
  return isLoopbackName(withoutPort(host));
}

/** Newer signatures come with a header that names the action, the older ones with a parameter of a query or form. */
function isApiRequest({ method, headers }: IncomingMessage, target: string): boolean {
  if ('x-tc-action' in headers) return true;
  const [path, query = ''] = target.split('?');
  if (path !== '/' && path !== '') return false;
  const type = headers['content-type'] ?? '';
  if (method === 'POST') return type.startsWith('application/x-www-form-urlencoded');
  const parameters = new URLSearchParams(query);
  return method === 'GET' && parameters.has('Action') && parameters.has('Signature');
}

/** Returns a host in lower case and without its port. */
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
