/** What undici says about a proxy that refuses: https://github.com/nodejs/undici/blob/v7.30.2/lib/dispatcher/proxy-agent.js. */
const PROXY_REFUSAL = /^Proxy response \((\d{3})\)|^Proxy Authentication Required \((407)\)/;

/** Returns why `fetch` got no answer, in a few words: the code of its connection, or the status of a proxy. */
export function explainFailure(error: unknown): string {
  let code: string | undefined;
  for (let each = error; each instanceof Error; each = each.cause) {
    const [, tunnel, plain] = PROXY_REFUSAL.exec(each.message) ?? [];
    const status = tunnel ?? plain;
    if (status !== undefined) return `the proxy answers ${status}`;
    if ('code' in each && typeof each.code === 'string') code ??= each.code;
  }
  return code ?? 'no connection';
}

/** Returns whether the service may answer otherwise later: it was asked too often, or failed; 501 says that it has no database. */
export function isTransientStatus(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 501);
}
