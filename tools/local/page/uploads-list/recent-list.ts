import { byId, createElement, setText, setVisible } from '../components/dom.ts';
import type { ApplicationText } from '../stack/applications.ts';
import { createRecentRow, type RecentRow } from './recent-row.ts';
import type { UploadStore } from './upload-store.ts';

/** The card of what the ledger knows of the owner's uploads. */
export interface RecentList {
  render(): void;
}

/** Builds the card, newest upload first. */
export function createRecentList(
  uploadStore: UploadStore,
  applications: ApplicationText,
): RecentList {
  const list = createElement('ol', { class: 'recents', attributes: { id: 'recents' } });
  const note = createElement('p', { class: 'muted', text: 'Asking the ledger' });
  byId('recents-card', HTMLElement).append(
    createElement('header', { class: 'card-head' }, [
      createElement('h2', { text: 'Recent uploads', attributes: { id: 'recents-heading' } }),
      createElement('p', {
        class: 'hint',
        text: 'Kept by the ledger',
      }),
    ]),
    note,
    list,
  );
  const rows = new Map<string, RecentRow>();

  function renderRows(): void {
    const uploads = uploadStore.uploads();
    const kept = new Set(uploads.map(({ uploadId }) => uploadId));
    for (const [uploadId, row] of rows) {
      if (kept.has(uploadId)) continue;
      row.close();
      row.element.remove();
      rows.delete(uploadId);
    }
    for (const [place, upload] of uploads.entries()) {
      const { uploadId } = upload;
      const row = rows.get(uploadId) ?? createRecentRow(uploadId, uploadStore, applications);
      rows.set(uploadId, row);
      row.render(upload);
      if (list.children[place] !== row.element) {
        list.insertBefore(row.element, list.children[place] ?? null);
      }
    }
  }

  return {
    render() {
      const state = uploadStore.state();
      renderRows();
      setVisible(list, rows.size > 0);
      setVisible(note, rows.size === 0 || state.kind === 'refused');
      if (state.kind === 'refused') setText(note, `The ledger does not answer: ${state.detail}`);
      else if (state.kind === 'known') {
        setText(
          note,
          'Nothing yet. What you upload or pull shows up here, and stays after a reload.',
        );
      }
    },
  };
}
