import { hash } from 'node:crypto';

/** Longest id of an item, in bytes. */
const MAX_ID_BYTES = 1_000;

/**
 * Query parameters that sign a URL, and change with each signature: of S3, COS, OSS, Google and Azure, and of the CDNs of
 * Amazon, Akamai, Alibaba and Tencent.
 */
const SIGNING =
  /^(?:x-(?:amz|goog|oss|cos)-.*|(?:awsaccesskeyid|googleaccessid|ossaccesskeyid|signature|expires|security-token)|q-(?:sign-algorithm|ak|sign-time|key-time|header-list|url-param-list|signature)|(?:policy|key-pair-id)|(?:hdnts|hdnea|hdntl)|auth_key|(?:txsecret|txtime)|token|sign)$/i;

/** Those of Azure (https://learn.microsoft.com/rest/api/storageservices/create-service-sas), if it is signed so. */
const AZURE = /^(?:sig|s[eprtv]|sip|spr|sks|skt|ske|skv|skoid|sktid|sdd|ses|sr)$/i;

/** Those of VOD's own hotlink protection (https://cloud.tencent.com/document/product/266/14047), if it is signed so. */
const HOTLINK = /^(?:sign|t|exper|rlimit|us)$/i;

/** Returns the name of a source: its own, or its URL without what signs it, so that a link that was signed again is the same. */
export function nameSource(id: string | undefined, mediaUrl: unknown): string {
  return shorten(id ?? dropSignature(String(mediaUrl)));
}

function shorten(name: string): string {
  return Buffer.byteLength(name) <= MAX_ID_BYTES ? name : `sha256:${hash('sha256', name)}`;
}

function dropSignature(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  const names = new Set([...url.searchParams.keys()].map((name) => name.toLowerCase()));
  const isSigning = (name: string) =>
    SIGNING.test(name) ||
    (names.has('sig') && AZURE.test(name)) ||
    (names.has('sign') && names.has('t') && HOTLINK.test(name));
  // Parameters are left as they are written; only those that sign go.
  const kept = url.search
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !isSigning(decodeName(part)));
  url.search = kept.join('&');
  return url.href;
}

function decodeName(parameter: string): string {
  return [...new URLSearchParams(parameter).keys()][0] ?? '';
}
