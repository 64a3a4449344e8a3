import { request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Returns the proxy for `url` by the usual variables, in lower or upper case: `https_proxy`, `http_proxy`, `all_proxy`, and
 * `no_proxy` with hosts, domains and `*`. Undefined where there is none.
 *
 * @see https://www.gnu.org/software/wget/manual/html_node/Proxies.html
 */
export function chooseProxy(url: URL, variables: Variables): URL | undefined {
  const read = (name: string) => variables[name] || variables[name.toUpperCase()] || undefined;
  if (isExempt(url, read('no_proxy') ?? '')) return undefined;
  const text = read(`${url.protocol.slice(0, -1)}_proxy`) ?? read('all_proxy');
  if (text === undefined) return undefined;
  const full = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(full)) return undefined;
  const proxy = new URL(full);
  return proxy.protocol === 'http:' || proxy.protocol === 'https:' ? proxy : undefined;
}

function isExempt({ hostname, port }: URL, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', wantedPort] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
      if (wantedPort !== undefined && wantedPort !== port) return false;
      return hostname === name || hostname.endsWith(`.${name}`);
    });
}

/** Returns the header that identifies the user to a proxy whose URL has a user name. */
export function proxyHeaders({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Returns an agent whose connections go through `proxy` by CONNECT, and stay open. */
export function createTunnelAgent(proxy: URL): HttpsAgent {
  const agent = new HttpsAgent({ keepAlive: true });
  const createConnection: HttpsAgent['createConnection'] = (options, callback) => {
    const { host, port } = options;
    const servername = host ?? '';
    openTunnel(proxy, `${servername}:${port}`).then(
      (socket) => callback?.(null, connectTls({ servername, socket })),
      // Node.js reads no stream beside an error.
      (error: Error) => callback?.(error, new Duplex()),
    );
    return undefined;
  };
  return Object.assign(agent, { createConnection });
}

function openTunnel(proxy: URL, authority: string): Promise<Duplex> {
  const open = proxy.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const opening = open({
      ...{ hostname: proxy.hostname, port: proxy.port, method: 'CONNECT', path: authority },
      headers: { Host: authority, ...proxyHeaders(proxy) },
      agent: false,
    });
    opening.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(Object.assign(new Error('The proxy refused.'), { code: `PROXY_${statusCode}` }));
    });
    opening.once('error', reject);
    opening.end();
  });
}
