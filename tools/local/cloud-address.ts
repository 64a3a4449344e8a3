import type { IncomingMessage } from 'node:http';
import { isCloudHost } from './vod/stand-in.ts';

/** Where a request was meant to go. */
export interface CloudAddress {
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

/** Begins the path under which the shim reaches the cloud's hosts. */
const PREFIX = '/__vod/';

/**
 * Answers the cloud's address that `request` means, or undefined where it means this machine. In this order: the
 * shim's path prefix, an absolute-form target as clients behind a proxy setting send it, the `Host` header.
 */
export function readCloudAddress(request: IncomingMessage): CloudAddress | undefined {
  const target = request.url ?? '/';
  if (target.startsWith(PREFIX)) {
    const rest = target.slice(PREFIX.length);
    const end = rest.search(/[/?]/);
    const host = end === -1 ? rest : rest.slice(0, end);
    return splitTarget(host, end === -1 ? '/' : rest.slice(end));
  }
  const absolute = /^https?:\/\/([^/?#]+)(.*)$/i.exec(target);
  if (absolute !== null) return splitTarget(absolute[1] ?? '', absolute[2] ?? '/');
  const host = withoutPort(request.headers.host ?? '');
  return isCloudHost(host) ? splitTarget(host, target) : undefined;
}

/** Answers a host in lower case and without its port. */
export function withoutPort(host: string): string {
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
