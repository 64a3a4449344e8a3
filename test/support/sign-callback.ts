import { createHash } from 'node:crypto';

/** Returns what VOD adds to a notification: https://cloud.tencent.com/document/product/266/33779. */
export function signCallback(
  key: string,
  t: number,
): { readonly Sign: string; readonly T: number } {
  return { Sign: createHash('md5').update(`${key}${t}`).digest('hex'), T: t };
}
