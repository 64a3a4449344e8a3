import { byId, setText, setVisible } from '../components/dom.ts';

/** The ways in which files come to the page. */
export interface FileChooser {
  /** Opens the browser's own file dialogue. */
  open(): void;
  /** Forgets both files, so that the same ones can be chosen again. */
  clear(): void;
  setEnabled(enabled: boolean): void;
}

interface ChooserListeners {
  readonly onMedia: (file: File) => void;
  readonly onCover: (cover: File | null) => void;
}

/** Takes files from the file inputs, from drag and drop anywhere on the page, and from the clipboard. */
export function createFileChooser({ onMedia, onCover }: ChooserListeners): FileChooser {
  const media = byId('file', HTMLInputElement);
  const cover = byId('cover', HTMLInputElement);
  const coverRemove = byId('cover-remove', HTMLButtonElement);
  let isEnabled = true;

  function showCover(file: File | null): void {
    setText(byId('cover-name', HTMLSpanElement), file?.name ?? 'None');
    setVisible(coverRemove, file !== null);
    onCover(file);
  }
  function accept(transfer: DataTransfer | null): void {
    const file = transfer?.files[0];
    if (isEnabled && file !== undefined) onMedia(file);
  }

  media.addEventListener('change', () => {
    const file = media.files?.[0];
    if (file !== undefined) onMedia(file);
  });
  cover.addEventListener('change', () => showCover(cover.files?.[0] ?? null));
  coverRemove.addEventListener('click', () => {
    cover.value = '';
    showCover(null);
    cover.focus();
  });
  document.addEventListener('paste', (event) => accept(event.clipboardData));
  acceptDrops(accept, () => isEnabled);

  return {
    open: () => media.click(),
    clear() {
      media.value = '';
      cover.value = '';
      showCover(null);
    },
    setEnabled(enabled) {
      isEnabled = enabled;
    },
  };
}

function acceptDrops(accept: (transfer: DataTransfer | null) => void, isEnabled: () => boolean) {
  const body = document.body;
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    // Also while disabled: without it the browser would leave the page to show the file.
    event.preventDefault();
    body.classList.toggle('is-dragging', isEnabled());
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) body.classList.remove('is-dragging');
  });
  document.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    body.classList.remove('is-dragging');
    accept(event.dataTransfer);
  });
}
