/**
 * Stands in for `https-proxy-agent`, which the vendor's client makes only where it is given no agent.
 *
 * @throws {Error} always.
 */
export function refuseProxy(): never {
  throw new Error(
    "The lean bundle of VOD's client has no proxies: give it an agent, or see tools/deploy/lean-sdk-plugin.ts.",
  );
}
