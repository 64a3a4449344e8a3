import { CopyRows } from '../components/copy-rows.tsx';
import { FactsTable } from '../components/facts-table.tsx';
import { FileName } from '../components/file-name.tsx';
import { Player } from '../components/player.tsx';
import type { FileFacts } from '../facts/file-facts.ts';
import { describeMetadata } from './media-metadata.ts';
import { ReceivedEvents } from './received-events.tsx';

interface ResultCardProps {
  readonly fileId: string;
  /** The uploaded file. */
  readonly source: File | null;
  /** What the server reported about the file. */
  readonly file: FileFacts;
}

/** The media of an upload. */
export function ResultCard({ fileId, source, file }: ResultCardProps) {
  const { media } = file;
  const url = media?.mediaUrl ?? '';
  const facts = describeMetadata(media?.metaData ?? null);
  return (
    <section id="result-card" class="card" aria-labelledby="result-heading">
      <header class="card-head">
        <h2 id="result-heading">Result</h2>
        <p class="muted result-name">
          <FileName name={source?.name ?? media?.name ?? ''} />
        </p>
      </header>
      {url !== '' && (
        <div class="stage-media">
          <Player
            key={url}
            id="player"
            url={url}
            coverUrl={media?.coverUrl ?? ''}
            type={source?.type ?? ''}
          />
        </div>
      )}
      <CopyRows
        rows={[
          { name: 'File ID', value: fileId, id: 'file-id' },
          { name: 'Media URL', value: absolute(url), id: 'media-url' },
          { name: 'Cover URL', value: absolute(media?.coverUrl ?? ''), id: 'cover-url' },
        ]}
      />
      {facts.length > 0 && (
        <details class="code-block">
          <summary>Metadata</summary>
          <FactsTable facts={facts} />
        </details>
      )}
      {media !== undefined && facts.length === 0 && (
        <p class="muted">
          No metadata: the file could not be read as media. The notification says so with null.
        </p>
      )}
      <ReceivedEvents {...file} />
      <p class="next-step">
        <a class="button" href="#connect">
          Next: connect your app
        </a>
      </p>
    </section>
  );
}

function absolute(url: string): string {
  return url === '' ? '' : new URL(url, location.href).href;
}
