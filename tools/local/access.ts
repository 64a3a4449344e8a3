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

/** Who may call the stack: programs, pages that this machine serves, and pages of the origins that are named. */
export interface Access {
  /** Returns why `request` is not served; undefined where it is. */
  refuse(request: IncomingMessage): Refusal | undefined;
}

/** An origin of a page, or of an app in a web view: https://www.rfc-editor.org/rfc/rfc6454#section-6.2. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/(?:[\w.-]+|\[[\da-f:]+\])(?::\d{1,5})?$/;

/** Returns what is wrong with `text` as `DEV_ORIGINS`, a comma-separated list; undefined where nothing is. */
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
 * Creates the access for pages of this machine and of `devOrigins`. The name by which a request came is judged first: a
 * page elsewhere could have its own name lead to this machine, and then read everything. Then the page that sent it is:
 * any page in the browser can send a request, and must not begin anything with it.
 *
 * @param devOrigins as {@link explainDevOrigins} finds nothing wrong with them.
 */
export function createAccess(devOrigins: string): Access {
  const named = new Set(splitList(devOrigins));
  // A dev server hands requests on under its own name, unless it is told to change that.
  const hosts = new Set(
    [...named].flatMap((origin) => /^https?:\/\/(.+)$/.exec(origin)?.[1] ?? []),
  );
  return {
    refuse(request) {
      if (!listAddressed(request).every((name) => isServedHere(name) || hosts.has(name))) {
        return {
          status: 421,
          text: 'This stack answers to localhost, 127.0.0.1 and [::1] only, to the hosts of VOD that it stands in for, and to hosts in DEV_ORIGINS.',
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
        text: 'This stack answers to pages of this machine only, and to origins in DEV_ORIGINS.',
      };
    },
  };
}

/** What elements of other pages show and run: `<video>`, `<img>` and `<script>` name no origin. */
const EMBEDDED = /^\/(?:media\/|(?:shim|sdk)\.js(?:\?|$))/;

/**
 * Returns whether a page of another site had `request` sent in a way that names no origin, as an image of it: what it
 * begins is done, though the page reads nothing of it. A link that somebody follows is none.
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

/** What a page may read beyond the body: enough to play a part of a file, and to see whether it changed. */
const EXPOSED = 'Accept-Ranges, Content-Length, Content-Range, ETag';

/**
 * Lets the page that sent `request`, which {@link Access} has let in, read the answer. Returns true where it was a
 * preflight and is dealt with.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function answerCors(request: IncomingMessage, response: ServerResponse): boolean {
  const { origin, 'access-control-request-headers': asked } = request.headers;
  // Also where no page asks: what is cached of that must not be given to one.
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
