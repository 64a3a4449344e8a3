import { type ReadonlySignal, signal } from '@preact/signals';
import { readStoredText, storeText } from '../components/stored-text.ts';
import { pickTenant, type Tenants } from './tenants.ts';

/** The choice of the tenant for the page's calls of the functions. */
export interface TenantChoice {
  /** Empty if there are none, and until they are known. */
  readonly name: ReadonlySignal<string>;
  choose(name: string): void;
  /** Sets the existing tenants; if the chosen one is not among them, the first is chosen. */
  offer(tenants: Tenants | undefined): void;
}

const STORAGE_NAME = 'local-page.tenant';

/** Returns the choice, which is stored across reloads. */
export function createTenantChoice(): TenantChoice {
  const name = signal(readStoredText(STORAGE_NAME) ?? '');

  function choose(next: string): void {
    name.value = next;
    storeText(STORAGE_NAME, next === '' ? null : next);
  }
  return { name, choose, offer: (tenants) => choose(pickTenant(tenants, name.peek())) };
}
