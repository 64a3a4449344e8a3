import { describeApplications } from '../stack/applications.ts';
import type { StackInfo } from '../stack/stack-controls.ts';

const MAX_ENTRIES = 8;

/** The account of the emulator, and its media, newest first. */
export function LibraryCard({ info }: { readonly info: StackInfo }) {
  const newest = info.media.slice(-MAX_ENTRIES).reverse();
  return (
    <section class="card" aria-labelledby="library-heading">
      <header class="card-head">
        <h2 id="library-heading">The emulated account</h2>
      </header>
      <p class="muted">
        Made up: {describeApplications(info)}, secret ID {info.secretId}, notifications go to{' '}
        {info.callbackUrl}
      </p>
      {newest.length > 0 && <h3>Newest media</h3>}
      <ul class="library">
        {newest.map(({ fileId, name, mediaUrl }) => (
          <li key={fileId}>
            <a href={mediaUrl} target="_blank" rel="noreferrer">
              <bdi>{name || 'No name'}</bdi>
            </a>
            <code>{fileId}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}
