import { expect } from 'vitest';
import type { LocalStack } from '../../tools/local/local-stack.ts';
import { seen } from '../support/activities.ts';

/** Bounds the rate at which a stack's storage takes bytes; null for none. */
export async function setSpeed(stack: LocalStack, bytesPerSecond: number | null): Promise<void> {
  const body = JSON.stringify({ bytesPerSecond });
  const { status } = await fetch(`${stack.origin}/__local/speed`, { method: 'POST', body });
  expect(status).toBe(200);
}

/** Returns the numbers of the stored parts, in the order of their arrival. */
export function listParts(stack: LocalStack): number[] {
  return seen(stack, 'storage')
    .filter(({ operation, status }) => operation === 'UploadPart' && status === 200)
    .map(({ partNumber }) => partNumber ?? 0);
}
