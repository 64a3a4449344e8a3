const CLOUD_ADDRESS =
  /^https?:\/\/(vod2\.qcloud\.com|vod2\.dnsv1\.com|vodreport\.qcloud\.com|[a-z0-9-]+\.cos\.[a-z0-9-]+\.(?:myqcloud\.com|tencentcos\.cn))(?::\d+)?(?=[/?#]|$)/i;

/**
 * Returns the address on the local stack at `origin` for a request to `url`, or `url` itself if it is not the cloud's.
 *
 * The cloud host is part of the path, because the emulator checks signatures against the signed host.
 */
export function localAddress(url: string, origin: string): string {
  const found = CLOUD_ADDRESS.exec(url);
  const host = found?.[1];
  if (found === null || host === undefined) return url;
  const rest = url.slice(found[0].length);
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return `${origin}/__vod/${host.toLowerCase()}${path}`;
}
