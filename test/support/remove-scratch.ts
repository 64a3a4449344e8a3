import { rm } from 'node:fs/promises';

/**
 * Removes a folder into which the vendor's storage SDK writes files. It writes them some time after its work is done,
 * possibly while the folder is being removed; then the removal is repeated.
 */
export function removeScratch(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
