import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * A request addressed to one of the cloud's hosts, however it reached this machine: by the path prefix
 * `/__vod/<host>/` that the shim writes, by its `Host` header, or as an absolute-form target through a proxy setting.
 */
export interface CloudRequest {
  /** The cloud host that the request is for, in lower case, without port. */
  readonly host: string;
  /** The `Host` header as it was sent; some clients sign this one. */
  readonly literalHost: string;
  /** Path on the cloud host, still percent-encoded, with its leading slash. */
  readonly path: string;
  /** Query string as it was sent, without the question mark. */
  readonly query: string;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}
