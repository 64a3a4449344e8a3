import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CloudRequest } from './emulator/cloud-request.ts';
import { isCloudHost } from './emulator/emulator.ts';
import { isLoopbackName } from './loopback.ts';

/** The cloud's address that a request is for. */
type CloudAddress = Pick<CloudRequest, 'host' | 'path' | 'query'>;

/** The host that an API request to this machine itself is for. */
const API_HOST = 'vod.tencentcloudapi.com';

/** A target in the form that a proxy receives: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2. */
const ABSOLUTE = /^https?:\/\/([^/?#]+)(.*)$/i;

/** A path with which the shim reaches one of the cloud's hosts. */
const SHIM_PATH = /^\/__vod\/([^/?]*)(.*)$/;

/**
 * Returns `incoming` as a request to the cloud, or undefined if it is for this machine. The cloud's address is read from,
 * in this order: the shim's path prefix, the host of an absolute-form target, which clients with a proxy setting send,
 * the `Host` header, and the form of an API request, for SDKs whose endpoint is this machine.
 */
export function readCloudRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): CloudRequest | undefined {
  const address = readCloudAddress(incoming);
  const literalHost = incoming.headers.host ?? '';
  return address && { ...address, literalHost, incoming, outgoing };
}

function readCloudAddress(request: IncomingMessage): CloudAddress | undefined {
  const { authority, target } = readTarget(request);
  const shimmed = SHIM_PATH.exec(target);
  if (shimmed !== null) return splitTarget(shimmed[1] ?? '', shimmed[2] ?? '');
  const host = withoutPort(authority ?? request.headers.host ?? '');
  if (isCloudHost(host)) return splitTarget(host, target);
  return isLocalHost(host) && isApiRequest(request, target)
    ? splitTarget(API_HOST, target)
    : undefined;
}

/** Returns the URL of a request to this machine itself, whatever its target is. */
export function localUrl(request: IncomingMessage): URL {
  const { target } = readTarget(request);
  // A path such as `//a` would otherwise be read as a host.
  return new URL(`http://localhost${target.startsWith('/') ? target : `/${target}`}`);
}

/** Returns the target of a request in the form that a server receives, and the host before it, if there is one. */
function readTarget({ url = '/' }: IncomingMessage) {
  const absolute = ABSOLUTE.exec(url);
  return absolute === null
    ? { authority: undefined, target: url }
    : { authority: absolute[1] ?? '', target: absolute[2] ?? '' };
}

/**
 * Returns the host names that `request` was sent to, in lower case and with their ports: its `Host`, and the host of
 * its target if the client has a proxy setting.
 */
export function listAddressed(request: IncomingMessage): string[] {
  const { host = '' } = request.headers;
  const { authority } = readTarget(request);
  return (authority === undefined ? [host] : [host, authority]).map((name) => name.toLowerCase());
}

/** Returns whether `name`, in lower case, is a name of this machine or of a cloud host that the stack emulates. */
export function isServedHere(name: string): boolean {
  return isLocalHost(name) || isCloudHost(withoutPort(name));
}

function isLocalHost(host: string): boolean {
  return isLoopbackName(withoutPort(host));
}

/**
 * Requests with newer signatures have the action in a header, those with older ones in a parameter of the query or
 * form.
 */
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
