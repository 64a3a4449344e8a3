import type { IncomingMessage, ServerResponse } from 'node:http';

/** Allows any page to read the answer; returns true if `incoming` was a preflight and has been answered. */
export function answerCors(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  outgoing.setHeader('Access-Control-Allow-Origin', incoming.headers.origin ?? '*');
  outgoing.setHeader('Vary', 'Origin');
  if (incoming.method !== 'OPTIONS') return false;
  outgoing.setHeader('Access-Control-Allow-Methods', 'POST, OPTIONS');
  // The requested headers are repeated, because `*` would not cover Authorization.
  const asked = incoming.headers['access-control-request-headers'];
  outgoing.setHeader('Access-Control-Allow-Headers', asked ?? 'Content-Type');
  outgoing.setHeader('Access-Control-Max-Age', '600');
  outgoing.writeHead(204).end();
  return true;
}

/**
 * Answers with `body` as JSON. The type has no parameter, as that of the real API: the vendor's Python client takes an
 * answer of any other type for one without an error. https://www.rfc-editor.org/rfc/rfc8259#section-11
 */
export function answerJson(outgoing: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  outgoing.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  outgoing.end(text);
}
