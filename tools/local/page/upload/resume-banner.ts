import { byId, setText, setVisible } from '../components/dom.ts';
import { formatCount } from '../components/format.ts';
import type { ResumeNote } from './resume-note.ts';
import { countParts } from './upload.ts';

/** The banner about an upload that a reload has broken off. */
export interface ResumeBanner {
  show(note: ResumeNote): void;
  hide(): void;
}

/** Builds the banner; `choose` opens the file dialogue and `dismiss` forgets the note. */
export function createResumeBanner(choose: () => void, dismiss: () => void): ResumeBanner {
  const banner = byId('resume-banner', HTMLDivElement);
  byId('resume-choose', HTMLButtonElement).addEventListener('click', choose);
  byId('resume-dismiss', HTMLButtonElement).addEventListener('click', () => {
    setVisible(banner, false);
    dismiss();
  });
  return {
    show(note) {
      const parts = `${note.storedParts.length} of ${formatCount(countParts(note.size), 'part')}`;
      const cover = note.coverName === null ? '' : ` and the cover ${note.coverName}`;
      setText(
        byId('resume-title', HTMLElement),
        `The upload of ${note.name} stopped at ${note.percent} %`,
      );
      setText(
        byId('resume-text', HTMLParagraphElement),
        `Storage has ${parts}. A browser cannot keep the file over a reload: choose the same file${cover} again, and the SDK sends only the rest.`,
      );
      setVisible(banner, true);
    },
    hide: () => setVisible(banner, false),
  };
}
