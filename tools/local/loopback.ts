/** The end of names that resolve to the machine itself: https://www.rfc-editor.org/rfc/rfc6761#section-6.3. */
const LOCALHOST = 'localhost';

/** Every IPv4 address of this machine itself: https://www.rfc-editor.org/rfc/rfc1122#section-3.2.1.3. */
const LOOPBACK_IPV4 = /^127(?:\.\d{1,3}){3}$/;

/** Returns whether `hostname`, in lower case, in a URL's form and without a port, always means this machine. */
export function isLoopbackName(hostname: string): boolean {
  return (
    hostname === LOCALHOST ||
    hostname.endsWith(`.${LOCALHOST}`) ||
    hostname === '[::1]' ||
    LOOPBACK_IPV4.test(hostname)
  );
}

/** Returns whether `origin`, in the form of the header `Origin`, is that of a page which this machine serves. */
export function isLoopbackOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname, origin: exact } = new URL(origin);
  return /^https?:$/.test(protocol) && exact === origin && isLoopbackName(hostname);
}
