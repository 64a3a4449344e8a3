import http from 'node:http';
import https from 'node:https';

/**
 * Makes invented host names work in this process: an https request to one of them goes to the origin that it stands
 * for, such as `http://127.0.0.1:8000`. All other requests are unchanged.
 */
export function findPublicNames(origins: Readonly<Record<string, string>>): void {
  const { request } = https;
  const route: typeof https.request = (
    target: string | URL | https.RequestOptions,
    ...rest: readonly unknown[]
  ) => {
    const url = readUrl(target);
    const origin = url && Object.hasOwn(origins, url.hostname) ? origins[url.hostname] : undefined;
    if (url === undefined || origin === undefined) {
      return Reflect.apply(request, https, [target, ...rest]);
    }
    const { agent: _ofHttps, ...options } = Object(rest[0]);
    return http.request(new URL(`${url.pathname}${url.search}`, origin), options);
  };
  https.request = route;
}

function readUrl(target: string | URL | https.RequestOptions): URL | undefined {
  if (target instanceof URL) return target;
  return typeof target === 'string' && URL.canParse(target) ? new URL(target) : undefined;
}
