import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { isPublicAddress, lookupPublic, PrivateAddressError } from './public-address.ts';
import { pullFailure, sourceFailure } from './pull-failure.ts';
import type { TransferClock } from './transfer-clock.ts';

/** How sources are opened. */
export interface SourceOptions {
  /**
   * Invented public host names with the origins that they stand for, such as `http://127.0.0.1:8000`: the only way to
   * reach a source on this machine or on a private network.
   */
  readonly resolve: Readonly<Record<string, string>>;
  /** 5 by default; the service's own number is not documented. */
  readonly mostRedirects?: number;
}

/** A source that has answered; its body is not read yet. */
export interface Source {
  /** Its address after all redirects. */
  readonly url: URL;
  /** Lower case, without parameters; empty where there is none. */
  readonly contentType: string;
  /** Bytes, null if the source does not report it. */
  readonly length: number | null;
  readonly body: IncomingMessage;
}

const DEFAULT_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Returns the source at `url`, after following redirects.
 *
 * @throws PullFailure 40000 if a service on the internet could not call `url` itself, 60000 for any error of the source
 * or a redirect.
 */
export async function openSource(
  url: string,
  options: SourceOptions,
  clock: TransferClock,
): Promise<Source> {
  const { mostRedirects = DEFAULT_REDIRECTS } = options;
  let next = parseUrl(url, 40_000);
  for (let hop = 0; hop <= mostRedirects; hop += 1) {
    const response = await call(next, options, clock, hop === 0 ? 40_000 : 60_000);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) return describe(next, response);
    response.destroy();
    if (!REDIRECTS.has(statusCode) || headers.location === undefined) {
      throw sourceFailure(`${next.host} answered ${statusCode}`);
    }
    next = parseUrl(headers.location, 60_000, next);
  }
  throw sourceFailure(`More than ${mostRedirects} redirects`);
}

function parseUrl(text: string, errCode: 40_000 | 60_000, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw pullFailure(errCode, 'The source is not at an http or https address');
}

async function call(
  url: URL,
  { resolve }: SourceOptions,
  clock: TransferClock,
  errCode: 40_000 | 60_000,
): Promise<IncomingMessage> {
  const own = Object.hasOwn(resolve, url.hostname) ? resolve[url.hostname] : undefined;
  const address = url.hostname.replace(/^\[|\]$/g, '');
  try {
    if (own === undefined && isIP(address) !== 0 && !isPublicAddress(address)) {
      throw new PrivateAddressError(url.hostname);
    }
    return await send(url, own, clock.signal);
  } catch (error) {
    if (clock.signal.aborted) throw clock.signal.reason;
    if (error instanceof PrivateAddressError) {
      throw pullFailure(errCode, error.message, { cause: error });
    }
    const what = error instanceof Error ? error.message : String(error);
    throw sourceFailure(`${url.host} cannot be reached: ${what}`, { cause: error });
  }
}

function send(url: URL, own: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const target = own === undefined ? url : new URL(`${url.pathname}${url.search}`, own);
  const request = target.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((answered, failed) => {
    request(target, {
      headers: { Host: url.host, Accept: '*/*', 'User-Agent': 'vod-local-emulator' },
      // Each pull has its own connection, so that a source cannot disturb another pull.
      agent: false,
      signal,
      ...(own === undefined ? { lookup: lookupPublic } : {}),
    })
      .once('response', answered)
      .once('error', failed)
      .end();
  });
}

function describe(url: URL, body: IncomingMessage): Source {
  const length = body.headers['content-length'];
  const contentType = (body.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  return {
    ...{ url, body },
    contentType: contentType ?? '',
    length: length === undefined ? null : Number(length),
  };
}
