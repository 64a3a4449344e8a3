/**
 * Replaces `https-proxy-agent`, which the vendor's client creates only if it has no agent.
 *
 * @throws {Error} always.
 */
export function refuseProxy(): never {
  throw new Error(
    "This bundle leaves proxies out of VOD's client: give it an agent, or see tools/deploy/lean-packages-plugin.ts.",
  );
}
