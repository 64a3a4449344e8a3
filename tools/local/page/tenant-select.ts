import { byId, createElement, setVisible } from './components/dom.ts';
import { listTenants, pickTenant, type Tenants } from './stack/tenants.ts';

/** The choice of the tenant as which the page calls the functions. */
export interface TenantSelect {
  /** Name of the chosen one; empty where there are none, and until they are known. */
  name(): string;
  /** Offers the tenants that the stack has; where it has none, nothing is shown. */
  offer(tenants: Tenants | undefined): void;
}

const STORAGE_NAME = 'local-page.tenant';

/** Builds the choice, which outlives the page; `onChange` is called after each change. */
export function createTenantSelect(onChange: () => void): TenantSelect {
  const select = byId('tenant', HTMLSelectElement);
  let name = readChoice();
  let offered: readonly string[] = [];

  function choose(next: string): void {
    select.value = next;
    if (next === name) return;
    name = next;
    keepChoice(next);
    onChange();
  }
  select.addEventListener('change', () => choose(select.value));

  return {
    name: () => name,
    offer(tenants) {
      const names = listTenants(tenants);
      setVisible(byId('tenant-field', HTMLLabelElement), names.length > 0);
      if (names.join() !== offered.join()) {
        offered = names;
        select.replaceChildren(
          ...names.map((text) => createElement('option', { text, attributes: { value: text } })),
        );
      }
      choose(pickTenant(tenants, name));
    },
  };
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
    // Without storage the page works as before; only a reload begins with the first tenant again.
  }
}
