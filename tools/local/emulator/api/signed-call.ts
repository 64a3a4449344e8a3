import type { IncomingHttpHeaders } from 'node:http';
import type { CloudRequest } from '../cloud-request.ts';

/** What the signature of an API request may cover. */
export interface SignedCall {
  /** Upper case. */
  readonly method: string;
  /**
   * Hosts and paths that the client may have signed: those of its configured endpoint, with and without the port, and
   * those of the cloud.
   */
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  /** Query string as it was sent, without the question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Returns what the signature of `request` may cover. */
export function describeSignedCall(request: CloudRequest, body: Buffer): SignedCall {
  const { host, literalHost, path, query, incoming } = request;
  const literalPath = (incoming.url ?? '/').split('?')[0] ?? '/';
  return {
    method: (incoming.method ?? '').toUpperCase(),
    hosts: [...new Set([literalHost.replace(/:\d+$/, ''), literalHost, host])],
    paths: [...new Set([path, literalPath])],
    query,
    headers: incoming.headers,
    body,
  };
}
