import { listTenants } from '../stack/tenants.ts';
import { ConnectionStatus } from './connection-status.tsx';
import type { PageModel } from './page-model.ts';

/** The head of the page: its title, its views, and whether it is connected. */
export function Masthead({ page }: { readonly page: PageModel }) {
  const { views, stream } = page;
  const view = views.view.value;
  const home = views.way.value;
  const links = [
    { view: home, text: 'Try it' },
    { view: 'connect', text: 'Connect your app' },
    { view: 'lab', text: 'Lab' },
  ];
  return (
    <header class="masthead">
      <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect width="32" height="32" rx="7" />
        <path d="M16 23V10.5M10.5 15.5 16 10l5.5 5.5M9 23h14" />
      </svg>
      <div class="masthead-text">
        <h1>VOD upload backend</h1>
        <p>The whole path of an upload or a pull, on this machine</p>
      </div>
      <nav class="views" aria-label="Views">
        {links.map((link) => (
          <a
            key={link.text}
            href={`#${link.view}`}
            aria-current={link.view === view ? 'page' : undefined}
          >
            {link.text}
          </a>
        ))}
      </nav>
      <TenantField page={page} />
      <ConnectionStatus stream={stream} />
    </header>
  );
}

function TenantField({ page }: { readonly page: PageModel }) {
  const names = listTenants(page.info.value?.tenants);
  return (
    <label id="tenant-field" class="inline-field tenant" hidden={names.length === 0}>
      Tenant{' '}
      <select
        value={page.tenant.name.value}
        onChange={({ currentTarget }) => page.tenant.choose(currentTarget.value)}
      >
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
