import { createCancelButton } from '../components/cancel-button.ts';
import { byId, createElement, setText, setVisible } from '../components/dom.ts';
import { showLedgerState } from '../components/ledger-state.ts';
import { createTimelineList } from '../components/timeline-list.ts';
import type { ApplicationText } from '../stack/applications.ts';
import type { UploadStore } from '../uploads-list/upload-store.ts';
import type { Upload } from './upload.ts';

/** The timeline of the upload in the card. */
export interface UploadLifePanel {
  render(upload: Upload): void;
}

/** Builds the timeline into its section; `onCancelled` is called once the ledger has the cancellation. */
export function createUploadLife(
  uploadStore: UploadStore,
  applications: ApplicationText,
  onCancelled: () => void,
): UploadLifePanel {
  const section = byId('life', HTMLElement);
  const chip = createElement('p', { class: 'state-chip', attributes: { id: 'life-state' } });
  const application = createElement('p', {
    class: 'hint',
    attributes: { id: 'life-application' },
  });
  const cancel = createCancelButton(uploadStore, 'Cancel for good', onCancelled);
  const list = createTimelineList('Timeline of this upload');
  section.append(
    createElement('header', { class: 'life-head' }, [
      createElement('h3', { text: 'Timeline', attributes: { id: 'life-heading' } }),
      chip,
      application,
      cancel.element,
    ]),
    list.element,
  );
  let shownId = '';
  let unfollow: () => void = () => undefined;

  return {
    render({ uploadId }) {
      const id = uploadId ?? '';
      if (id !== shownId) {
        unfollow();
        unfollow = id === '' ? () => undefined : uploadStore.follow(id);
        shownId = id;
      }
      setVisible(section, id !== '');
      const life = uploadStore.life(id);
      showLedgerState(chip, life?.upload.state ?? '');
      setText(application, applications.describe(life?.upload));
      setVisible(application, application.textContent !== '');
      cancel.render(life?.upload);
      list.render(life, uploadStore.state());
    },
  };
}
