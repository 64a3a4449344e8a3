import { type ReadonlySignal, signal } from '@preact/signals';
import { readStoredText, storeText } from '../components/stored-text.ts';
import { pickTenant, type Tenants } from './tenants.ts';

/** The choice of the tenant as which the page calls the functions. */
export interface TenantChoice {
  /** Empty where there are none, and until they are known. */
  readonly name: ReadonlySignal<string>;
  choose(name: string): void;
  /** Says which there are: where the chosen one is no more, it is the first. */
  offer(tenants: Tenants | undefined): void;
}

const STORAGE_NAME = 'local-page.tenant';

/** Returns the choice, which outlives the page. */
export function createTenantChoice(): TenantChoice {
  const name = signal(readStoredText(STORAGE_NAME) ?? '');

  function choose(next: string): void {
    name.value = next;
    storeText(STORAGE_NAME, next === '' ? null : next);
  }
  return { name, choose, offer: (tenants) => choose(pickTenant(tenants, name.peek())) };
}
