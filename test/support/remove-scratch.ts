import { rm } from 'node:fs/promises';

/**
 * Removes a folder in which the vendor's storage SDK keeps its notes. It writes them some time after its work is done,
 * perhaps while the folder is being removed, and then removing begins again.
 */
export function removeScratch(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
