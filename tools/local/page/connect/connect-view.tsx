import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { CopyButton } from '../components/copy-rows.tsx';
import { Tabs } from '../components/tabs.tsx';
import { SNIPPETS, type Snippet } from './connect-snippets.ts';

/** The next step: how the user's own app does what this page does. */
export function ConnectView() {
  const chosen = useSignal<Snippet['name']>('app');
  const tabs = SNIPPETS.map(({ name, title }) => ({ name, text: title }));
  return (
    <div id="connect-view" class="column">
      <section class="card" aria-labelledby="connect-heading">
        <header class="ways">
          <h2 id="connect-heading">Connect your app</h2>
          <Tabs
            labelledBy="connect-heading"
            tabs={tabs}
            chosen={chosen.value}
            onChoose={(name) => {
              chosen.value = name;
            }}
          />
        </header>
        {SNIPPETS.map((snippet) => (
          <SnippetPanel key={snippet.name} {...snippet} isShown={snippet.name === chosen.value} />
        ))}
        <p class="muted reference">
          <a href="/docs">The HTTP API</a> shows every request, answer and message, and{' '}
          <a href="/openapi.json">openapi.json</a> is for generators of clients.
        </p>
      </section>
      <InProduction />
    </div>
  );
}

function SnippetPanel({ name, about, write, isShown }: Snippet & { readonly isShown: boolean }) {
  const source = useRef<HTMLPreElement>(null);
  const text = write(location.origin);
  return (
    <div
      id={`${name}-panel`}
      class="panel"
      role="tabpanel"
      aria-labelledby={`${name}-tab`}
      hidden={!isShown}
    >
      <div class="snippet-head">
        <p class="muted">{about}</p>
        <CopyButton text={text} name="the code" source={source} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: some browsers do not let the keyboard reach scrollable elements. */}
      <pre ref={source} id={`${name}-code`} class="snippet" tabIndex={0}>
        {text}
      </pre>
    </div>
  );
}

function InProduction() {
  return (
    <section class="card" aria-labelledby="production-heading">
      <header class="card-head">
        <h2 id="production-heading">In production</h2>
      </header>
      <dl class="changes">
        <div>
          <dt>Addresses</dt>
          <dd>
            what <code>npm run info</code> prints; each function has a host of its own
          </dd>
        </div>
        <div>
          <dt>Token</dt>
          <dd>
            the access token of your login, which <code>AUTH_JWKS_URL</code> or{' '}
            <code>AUTH_JWT_SECRET</code> has the functions trust
          </dd>
        </div>
        <div>
          <dt>Origin of your app</dt>
          <dd>
            in <code>CORS_ORIGINS</code>; pages of this machine need nothing here
          </dd>
        </div>
        <div>
          <dt>
            <code>shim.js</code>, <code>sdk.js</code>
          </dt>
          <dd>
            nothing, and the package <code>vod-js-sdk-v6</code>
          </dd>
        </div>
        <div>
          <dt>Webhooks</dt>
          <dd>
            name your endpoint in <code>WEBHOOK_ENDPOINTS</code>, here too: it is notified of each
            upload that is ready
          </dd>
        </div>
      </dl>
    </section>
  );
}
