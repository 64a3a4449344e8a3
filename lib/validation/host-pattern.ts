const HOST_NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/;
const ADDRESS = /^(?:\[.+\]|\d+(?:\.\d+){3})$/;

/**
 * Returns what is wrong with `pattern` as an entry of a list of hosts, or undefined if it is valid: a host in the form
 * that URLs are normalised to, or `*.` and a name, for every host below that name.
 */
export function explainHostPattern(pattern: string): string | undefined {
  const host = pattern.startsWith('*.') ? pattern.slice(2) : pattern;
  const isName = HOST_NAME.test(host) && !ADDRESS.test(host);
  if ((isName || (host === pattern && ADDRESS.test(host))) && isNormalised(host)) return undefined;
  return 'must be a host in lower case and ASCII, such as media.example.com, or *.example.com for every host below it';
}

/**
 * Returns whether `host`, in the form of a normalised URL, matches `pattern`.
 *
 * `*.` stands for one or more whole labels, so never for the name itself: `*.example.com` matches `a.example.com` and
 * `b.a.example.com`, but not `example.com` or `evil-example.com`. It never matches parts of an IP address.
 */
export function matchesHost(host: string, pattern: string): boolean {
  if (!pattern.startsWith('*.')) return host === pattern;
  const suffix = pattern.slice(1);
  return !ADDRESS.test(host) && host.length > suffix.length && host.endsWith(suffix);
}

function isNormalised(host: string): boolean {
  const url = `http://${host}/`;
  return URL.canParse(url) && new URL(url).hostname === host;
}
