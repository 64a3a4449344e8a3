import { useSignal } from '@preact/signals';
import { FactsTable } from '../components/facts-table.tsx';
import { formatRelative } from '../components/format.ts';
import type { IssuedSignature } from '../upload/upload.ts';
import { decodeSignature } from './signature-decoding.ts';

/** What the SDK needs a signature for, in words. */
const PURPOSES: Readonly<Record<IssuedSignature['purpose'], { name: string; about: string }>> = {
  prepare: {
    name: 'Regions',
    about: 'Asked for before PrepareUploadUGC, which lists the regions.',
  },
  apply: { name: 'Open', about: 'Asked for before ApplyUploadUGC, which opens the upload.' },
  renew: { name: 'Renew', about: 'Asked for to renew the credentials of storage.' },
  commit: { name: 'Finish', about: 'Asked for before CommitUploadUGC, which ends the upload.' },
};

/** The decoded signatures of the upload; the newest is shown until another one is chosen. */
export function SignatureCard({ signatures }: { readonly signatures: readonly IssuedSignature[] }) {
  const chosen = useSignal<IssuedSignature | undefined>(undefined);
  const isKept = chosen.value !== undefined && signatures.includes(chosen.value);
  const current = isKept ? chosen.value : signatures.at(-1);
  return (
    <section id="signature-card" class="card" aria-labelledby="signature-heading">
      <header class="card-head">
        <h2 id="signature-heading">Signature, decoded</h2>
        <fieldset class="chips">
          <legend class="visually-hidden">Issued signatures</legend>
          {signatures.map((issued, place) => (
            <button
              key={issued.signature}
              class="chip"
              type="button"
              aria-pressed={issued === current}
              onClick={() => {
                chosen.value = issued;
              }}
            >
              {`${place + 1} ${PURPOSES[issued.purpose].name}`}
            </button>
          ))}
        </fieldset>
      </header>
      {current === undefined ? (
        <p class="muted">
          The signature is an HMAC-SHA1 over a plain query string, followed by that string, in
          base64. Start an upload to read the ones that the <code>signature</code> function issues.
          The SDK asks for a new one with each request to VOD.
        </p>
      ) : (
        <Decoded {...current} />
      )}
    </section>
  );
}

function Decoded({ signature, purpose }: IssuedSignature) {
  const { mac, parameters } = decodeSignature(signature);
  const now = new Date();
  const note = '20 bytes over everything below, made with the secret key';
  const rows = parameters.map(({ name, value, at }) => ({
    name,
    value,
    ...(at === undefined ? {} : { note: `${at.toLocaleString()} (${formatRelative(at, now)})` }),
  }));
  return (
    <>
      <p class="muted">{PURPOSES[purpose].about}</p>
      <FactsTable facts={[{ name: 'HMAC-SHA1', value: mac, note }, ...rows]} />
      <details class="code-block">
        <summary>As sent</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: some browsers do not let the keyboard reach scrollable elements. */}
        <pre class="wrap" tabIndex={0}>
          {signature}
        </pre>
      </details>
    </>
  );
}
