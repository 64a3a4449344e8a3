import type { Dispatcher } from 'undici';
import { chooseProxy, proxyHeaders } from '../../client/put/proxy.ts';
import type { Environment } from '../../lib/config/environment.ts';
import { isLoopback } from './show-url.ts';

/**
 * Sends every request of `fetch` in this process through the proxy that the usual variables name for its URL, as `vod-upload put`
 * does: https by CONNECT, http as a whole URL. What is on this machine is reached without one.
 *
 * @see https://undici.nodejs.org/#/docs/api/ProxyAgent
 */
export async function useProxies(environment: Environment): Promise<void> {
  // Half as large as the program. Node.js itself has it, but does not export it.
  const { Agent, ProxyAgent, setGlobalDispatcher } = await import('undici');
  const proxies = new Map<string, Dispatcher>();
  const open = (proxy: URL) => {
    const { origin, href } = proxy;
    const { 'Proxy-Authorization': token } = proxyHeaders(proxy);
    // Its URL has no user name and password, so that no error can have them.
    const uri = { uri: origin, ...(token === undefined ? {} : { token }) };
    const agent = proxies.get(href) ?? new ProxyAgent({ ...uri, proxyTunnel: false });
    proxies.set(href, agent);
    return agent;
  };
  const direct = new Agent();
  setGlobalDispatcher(
    direct.compose((dispatch) => (options, handler) => {
      const url = new URL(String(options.origin));
      const proxy = isLoopback(url.href) ? undefined : chooseProxy(url, environment);
      return proxy === undefined
        ? dispatch(options, handler)
        : open(proxy).dispatch(options, handler);
    }),
  );
}
