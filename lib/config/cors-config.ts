import * as v from 'valibot';
import { splitList } from './environment.ts';

const ORIGIN =
  'must be an exact origin alone, such as https://app.example.com or capacitor://localhost';

const PATTERN =
  'may have a * only as the whole first label of your own domain, such as https://*.example.com; no pattern stands for every web site';

/** https://html.spec.whatwg.org/multipage/browsers.html#concept-origin-opaque */
const OPAQUE =
  'must not be null or file://, the origin of every sandboxed frame and every file; serve the app from one of its own, such as https://localhost';

/** An origin with the scheme of an app, and what may follow it. */
const APP_ORIGIN = /^([a-z][a-z\d+.-]*):\/\/([\w.~-]+(?::[1-9]\d{0,4})?)(?:\/.*)?$/i;

/** Schemes that no page has, and likely misspellings of http and https. */
const NO_APP = /^(?:ftp|wss?|[htps]{3,6})$/i;

/** The origin of a host below a domain of at least two labels. */
const BELOW_DOMAIN = /^https?:\/\/x(?:\.[a-z\d_-]+){2,}(?::\d+)?$/;

/**
 * Domains below which anyone can register names, such as co.uk: likely mistakes, not all of https://publicsuffix.org.
 */
const REGISTRY = /\/x\.(?:ac|co|com|edu|go|gov|ne|net|or|org)\.[a-z]{2}(?::|$)/;

/**
 * Returns what is wrong with `entry` of `CORS_ORIGINS`, or undefined if it is an origin as browsers send it, or a
 * pattern of such origins. It quotes at most an origin: never a path, a user name or a password.
 *
 * @see https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin
 */
export function explainOrigin(entry: string): string | undefined {
  if (/^(?:null$|file:)/i.test(entry)) return OPAQUE;
  // A pattern is valid if the origin of a host that it matches is.
  const exact = entry.replace('://*.', '://x.');
  const origin = readOrigin(exact);
  if (entry.includes('*')) {
    const isPattern = origin !== undefined && BELOW_DOMAIN.test(origin) && !REGISTRY.test(origin);
    if (exact === entry || !isPattern) return PATTERN;
  }
  if (origin === exact) return undefined;
  return origin ? `must be written as ${origin.replace('://x.', '://*.')}` : ORIGIN;
}

/** Returns the origin that `text` means, or undefined if that is not clear. */
function readOrigin(text: string): string | undefined {
  if (/[@\s;|'"]/.test(text)) return undefined;
  if (/^https?:/i.test(text)) return URL.canParse(text) ? new URL(text).origin : undefined;
  const [, scheme = '', host] = APP_ORIGIN.exec(text) ?? [];
  if (host !== undefined)
    return NO_APP.test(scheme) ? undefined : `${scheme.toLowerCase()}://${host}`;
  // A host without its scheme.
  const [, name, local] = /^\/*((localhost|127\.)[^*]*|[^:/*]+\.[^:/*][^*]*)$/i.exec(text) ?? [];
  return name && readOrigin(`${local ? 'http' : 'https'}://${name}`);
}

/** A name of a header: https://www.rfc-editor.org/rfc/rfc9110#section-5.1. */
const TOKEN = /^[!#$%&'*+.^`|~\w-]+$/;

/** Headers that no page can set: https://fetch.spec.whatwg.org/#forbidden-request-header. */
const FORBIDDEN =
  /^(?:accept-(?:charset|encoding)|access-control-.*|connection|content-length|cookie2?|date|dnt|expect|host|keep-alive|origin|proxy-.*|referer|sec-.*|set-cookie|te|trailer|transfer-encoding|upgrade|via)$/i;

/** Returns what is wrong with `name` as one of `CORS_HEADERS`, or undefined if it is valid. */
export function explainCorsHeader(name: string): string | undefined {
  if (name === '*')
    return 'must not be *, which does not stand for Authorization; name each header';
  if (!TOKEN.test(name)) return 'must be the name of a header alone, such as X-Client-Version';
  return FORBIDDEN.test(name)
    ? `must not be ${name}, which browsers do not let pages set`
    : undefined;
}

function list(explain: (entry: string) => string | undefined) {
  return v.pipe(
    v.string(),
    v.transform(splitList),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const problems = dataset.value.flatMap((entry, place) => {
        const reason = explain(entry);
        return reason === undefined ? [] : [`entry ${place + 1} ${reason}`];
      });
      if (problems.length > 0) addIssue({ message: problems.join(', and ') });
    }),
  );
}

/** Variables for the web apps that may read answers, and the headers that these may send. */
export const corsVariables = {
  CORS_ORIGINS: v.optional(list(explainOrigin), ''),
  CORS_HEADERS: v.optional(list(explainCorsHeader), ''),
};
