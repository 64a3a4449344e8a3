/** Ends the names that lead to the machine itself: https://www.rfc-editor.org/rfc/rfc6761#section-6.3. */
const LOCALHOST = 'localhost';

/** Every address of IPv4 that is this machine: https://www.rfc-editor.org/rfc/rfc1122#section-3.2.1.3. */
const LOOPBACK_IPV4 = /^127(?:\.\d{1,3}){3}$/;

/** Returns whether `hostname`, in lower case and as a URL has it, without a port, is this machine by its very spelling. */
export function isLoopbackName(hostname: string): boolean {
  return (
    hostname === LOCALHOST ||
    hostname.endsWith(`.${LOCALHOST}`) ||
    hostname === '[::1]' ||
    LOOPBACK_IPV4.test(hostname)
  );
}

/** Returns whether `origin`, as a browser writes it into `Origin`, is that of a page which this machine serves. */
export function isLoopbackOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname, origin: exact } = new URL(origin);
  return /^https?:$/.test(protocol) && exact === origin && isLoopbackName(hostname);
}
