/** Answers an address as it may be shown: what follows the question mark may be a secret. */
export function showUrl(text: string): string {
  if (text === '') return 'none';
  if (!URL.canParse(text)) return 'something that is no URL';
  const { origin, pathname, search } = new URL(text);
  return `${origin}${pathname}${search === '' ? '' : '?…'}`;
}

/** Answers whether both texts are the same address. */
export function isSameUrl(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href;
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Answers what is wrong with the address of a function, or undefined where it may be one. */
export function explainFunctionUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL, as https://functions.example.com/';
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username !== '' || password !== '') return 'must not have a user name or a password';
  if (hash !== '') return 'must not have a fragment';
  const isSafe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK_HOSTS.has(hostname));
  return isSafe ? undefined : 'must begin with https://';
}
