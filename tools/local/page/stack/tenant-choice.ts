import { type ReadonlySignal, signal } from '@preact/signals';
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
  const name = signal(readChoice());

  function choose(next: string): void {
    name.value = next;
    keepChoice(next);
  }
  return { name, choose, offer: (tenants) => choose(pickTenant(tenants, name.peek())) };
}

function readChoice(): string {
  try {
    return localStorage.getItem(STORAGE_NAME) ?? '';
  } catch {
    return '';
  }
}

function keepChoice(name: string): void {
  try {
    if (name === '') localStorage.removeItem(STORAGE_NAME);
    else localStorage.setItem(STORAGE_NAME, name);
  } catch {
    // Without storage the page still works; only a reload begins with the first tenant again.
  }
}
