import { createHmac } from 'node:crypto';
import { expect } from 'vitest';

/** Returns the parameters of an upload signature as VOD reads them; throws if its MAC is wrong. */
export function readSignature(signature: string, secretKey: string): Record<string, string> {
  const bytes = Buffer.from(signature, 'base64');
  const original = bytes.subarray(20);
  expect(bytes.subarray(0, 20)).toEqual(createHmac('sha1', secretKey).update(original).digest());
  return Object.fromEntries(new URLSearchParams(original.toString()));
}
