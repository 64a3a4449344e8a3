import { formatCount } from '../components/format.ts';
import type { ResumeNote } from './resume-note.ts';
import { countParts } from './upload.ts';

interface ResumeBannerProps {
  readonly note: ResumeNote;
  readonly onDismiss: () => void;
}

/** Shows an upload that a reload has interrupted. */
export function ResumeBanner({ note, onDismiss }: ResumeBannerProps) {
  const parts = `${note.storedParts.length} of ${formatCount(countParts(note.size), 'part')}`;
  const cover = note.coverName === null ? '' : ` and the cover ${note.coverName}`;
  return (
    <div id="resume-banner" class="banner" role="status">
      <div>
        <strong>
          The upload of <bdi>{note.name}</bdi> stopped at {note.percent} %
        </strong>
        <p>
          Storage has {parts}. A browser cannot keep the file over a reload: choose the same file
          {cover} again, and the SDK sends only the rest.
        </p>
      </div>
      <div class="banner-actions">
        <button
          class="button button-primary"
          type="button"
          onClick={() => document.getElementById('file')?.click()}
        >
          Choose the file
        </button>
        <button class="button" type="button" onClick={onDismiss}>
          Dismiss
        </button>
      </div>
    </div>
  );
}
