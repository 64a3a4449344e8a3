import { useSignal } from '@preact/signals';
import { describeState, type StateText } from '../components/upload-state.ts';
import type { StackInfo } from '../stack/stack-controls.ts';
import { RecentRow } from './recent-row.tsx';
import type { UploadStore } from './upload-store.ts';

interface RecentListProps {
  readonly uploads: UploadStore;
  readonly info: StackInfo | null;
  /** Names of files that the backend does not know yet, by upload. */
  readonly names: ReadonlyMap<string, string>;
  /** The state of this page's own upload, which the backend knows less about. */
  readonly current: { readonly uploadId: string | null } & StateText;
}

const SHOWN_AT_FIRST = 3;
const SHOWN_MORE = 20;

/** The card of the owner's uploads, newest first. */
export function RecentList({ uploads, info, names, current }: RecentListProps) {
  const shown = useSignal(SHOWN_AT_FIRST);
  const listed = uploads.uploads.value;
  const state = uploads.state.value;
  const hasMore = listed.length > shown.value || uploads.hasMore.value;

  function showMore(): void {
    shown.value += SHOWN_MORE;
    uploads.list(shown.value);
  }
  return (
    <section id="recents-card" class="card" aria-labelledby="recents-heading">
      <header class="card-head">
        <h2 id="recents-heading">Recent uploads</h2>
        <p class="hint">Stored in the database, also after a restart</p>
      </header>
      {(listed.length === 0 || state.kind === 'refused') && (
        <p class="muted">
          {state.kind === 'refused' && `The list could not be read: ${state.detail}`}
          {state.kind === 'asking' && 'Loading'}
          {state.kind === 'known' && 'Nothing yet. What you upload or pull is listed here.'}
        </p>
      )}
      {listed.length > 0 && (
        <ol id="recents" class="rows">
          {listed.slice(0, shown.value).map((upload) => (
            <RecentRow
              key={upload.uploadId}
              upload={upload}
              status={upload.uploadId === current.uploadId ? current : describeState(upload.state)}
              name={upload.name || names.get(upload.uploadId) || ''}
              uploads={uploads}
              info={info}
            />
          ))}
        </ol>
      )}
      {hasMore && (
        <p class="rows-more">
          <button id="recents-more" class="button button-small" type="button" onClick={showMore}>
            Show older uploads
          </button>
        </p>
      )}
    </section>
  );
}
