import { createHash } from 'node:crypto';

/** Returns the SHA-256 of `bytes` in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Returns the SHA-256 of what the stack serves at `url`. */
export async function fetchSha256(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return sha256(Buffer.from(await response.arrayBuffer()));
}
