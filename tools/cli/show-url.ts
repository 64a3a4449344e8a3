import { APPLICATION_PARAMETER } from '../../lib/policy/applications.ts';

/** Returns an address without what may be secret: of the query, only the application is shown. */
export function showUrl(text: string): string {
  if (text === '') return 'none';
  if (!URL.canParse(text)) return 'something that is no URL';
  const { origin, pathname, search, searchParams } = new URL(text);
  if (search === '') return `${origin}${pathname}`;
  const application = searchParams.get(APPLICATION_PARAMETER) ?? '';
  // Any other value under this name is hidden, too.
  const isNumber = /^\d{1,16}$/.test(application);
  const rest = isNumber && searchParams.size === 1 ? [] : ['…'];
  const shown = [...(isNumber ? [`${APPLICATION_PARAMETER}=${application}`] : []), ...rest];
  return `${origin}${pathname}?${shown.join('&')}`;
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Returns whether a valid URL is of this machine. */
export function isLoopback(url: string): boolean {
  return LOOPBACK_HOSTS.has(new URL(url).hostname);
}

/** Returns what is wrong with the address of a function, or undefined if it is valid. */
export function explainFunctionUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL, as https://functions.example.com/';
  const { protocol, hostname, username, password, hash, searchParams } = new URL(text);
  if (username !== '' || password !== '') return 'must not have a user name or a password';
  if (hash !== '') return 'must not have a fragment';
  if (searchParams.has(APPLICATION_PARAMETER)) {
    return `must not have the query ${APPLICATION_PARAMETER}, which is added for each tenant's application`;
  }
  const isSafe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK_HOSTS.has(hostname));
  return isSafe ? undefined : 'must begin with https://, or on this machine with http://localhost';
}
