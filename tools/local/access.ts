import type { IncomingMessage, ServerResponse } from 'node:http';
import { splitList } from '../../lib/config/environment.ts';
import { defined } from '../../lib/validation/json-object.ts';
import { isServedHere, listAddressed } from './cloud-address.ts';
import { isLoopbackOrigin } from './loopback.ts';

/** Why a request is not served. */
interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** Who may call the stack: programs, pages that this machine serves, and pages of the configured origins. */
export interface Access {
  /** Returns why `request` is refused; undefined if it is not. */
  refuse(request: IncomingMessage): Refusal | undefined;
}

/** An origin of a page, or of an app in a web view: https://www.rfc-editor.org/rfc/rfc6454#section-6.2. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/(?:[\w.-]+|\[[\da-f:]+\])(?::\d{1,5})?$/;

/** Returns what is wrong with `text` as `DEV_ORIGINS`, a comma-separated list; undefined if it is valid. */
export function explainDevOrigins(text: string): string | undefined {
  const isRight = splitList(text).every(
    (origin) => ORIGIN.test(origin) && (!/^https?:/.test(origin) || isExact(origin)),
  );
  return isRight
    ? undefined
    : 'must be a comma-separated list of exact origins, as http://dev.example.com:5173';
}

function isExact(origin: string): boolean {
  return URL.canParse(origin) && new URL(origin).origin === origin;
}

/**
 * Creates the access for pages of this machine and of `devOrigins`. First it checks the host name of a request: an
 * attacker's page could make its own name resolve to this machine, and then read everything. Then it checks the page
 * that sent the request: any page in the browser can send one, and must not start anything with it.
 *
 * @param devOrigins a list in which {@link explainDevOrigins} finds nothing wrong.
 * @param setting the name of that list, for refusals.
 */
export function createAccess(devOrigins: string, setting = 'DEV_ORIGINS'): Access {
  const named = new Set(splitList(devOrigins));
  // A dev server passes requests on with its own host name, unless it is configured to change it.
  const hosts = new Set(
    [...named].flatMap((origin) => /^https?:\/\/(.+)$/.exec(origin)?.[1] ?? []),
  );
  return {
    refuse(request) {
      if (!listAddressed(request).every((name) => isServedHere(name) || hosts.has(name))) {
        return {
          status: 421,
          text: `This server answers to localhost, 127.0.0.1 and [::1] only, to the hosts of VOD that it stands in for, and to hosts in ${setting}.`,
        };
      }
      const { origin } = request.headers;
      const isLetIn =
        origin === undefined
          ? !isForeignLoad(request)
          : isLoopbackOrigin(origin) || named.has(origin);
      if (isLetIn) return undefined;
      return {
        status: 403,
        text: `This server answers to pages of this machine only, and to origins in ${setting}.`,
      };
    },
  };
}

/** Answers with a status and a text for people. */
export function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

/** What other pages may embed: `<video>`, `<img>` and `<script>` send no origin. */
const EMBEDDED = /^\/(?:media\/|(?:shim|sdk)\.js(?:\?|$))/;

/**
 * Returns whether a page of another site sent `request` without an origin, such as for an image: the page cannot read
 * the answer, but the request still has its effects. A link that a user follows does not count.
 *
 * @see https://www.w3.org/TR/fetch-metadata/
 */
function isForeignLoad({ url = '/', headers }: IncomingMessage): boolean {
  if (headers['sec-fetch-site'] !== 'cross-site') return false;
  const isFollowed =
    headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return !isFollowed && !EMBEDDED.test(url);
}

/** Returns whether `request` comes from the stack's own page, or from no page at all. */
export function isOwnPage({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}

/** Headers that a page may read: enough to play a part of a file, and to see whether it changed. */
const EXPOSED = 'Accept-Ranges, Content-Length, Content-Range, ETag';

/**
 * Allows the page that sent `request`, which {@link Access} has not refused, to read the answer. Returns true if it was
 * a preflight and has been answered.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function answerCors(request: IncomingMessage, response: ServerResponse): boolean {
  const { origin, 'access-control-request-headers': asked } = request.headers;
  // Sent also without an origin: a cached answer to such a request must not be used for a page.
  response.setHeader('Vary', 'Origin');
  if (origin !== undefined) {
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Expose-Headers', EXPOSED);
  }
  if (request.method !== 'OPTIONS') return false;
  response
    .writeHead(204, {
      'Access-Control-Allow-Methods': 'GET, HEAD, POST',
      ...defined({ 'Access-Control-Allow-Headers': asked }),
    })
    .end();
  return true;
}
