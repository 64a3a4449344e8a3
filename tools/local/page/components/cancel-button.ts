import { isUnfinished, type LedgerUpload } from '../stack/ledger-answers.ts';
import type { UploadStore } from '../uploads-list/upload-store.ts';
import { createElement, setText, setVisible } from './dom.ts';

/** Cancels an upload through the `uploads` function. */
export interface CancelButton {
  readonly element: HTMLElement;
  /** Shows the button where there is something to cancel. */
  render(upload: LedgerUpload | undefined): void;
}

/** Builds the button; `onCancelled` is called once the ledger has the cancellation. */
export function createCancelButton(
  uploadStore: UploadStore,
  text: string,
  onCancelled: () => void = () => undefined,
): CancelButton {
  const attributes = { type: 'button', 'data-action': 'cancel', hidden: '' };
  const button = createElement('button', { class: 'button button-small', text, attributes });
  const problem = createElement('span', { class: 'field-error', attributes: { role: 'alert' } });
  let uploadId = '';

  async function cancel(): Promise<void> {
    button.disabled = true;
    const refusal = await uploadStore.cancel(uploadId);
    button.disabled = false;
    setText(problem, refusal ?? '');
    if (refusal === null) onCancelled();
  }
  button.addEventListener('click', () => void cancel());

  return {
    element: createElement('span', { class: 'cancel' }, [button, problem]),
    render(upload) {
      const isPossible = upload !== undefined && isUnfinished(upload);
      if (upload?.uploadId !== uploadId) setText(problem, '');
      uploadId = upload?.uploadId ?? '';
      if (!isPossible && document.activeElement === button) focusSibling(button);
      setVisible(button, isPossible);
    },
  };
}

/** Anyone who cancelled by the keyboard stays in the row when its button goes. */
function focusSibling(button: HTMLElement): void {
  const group = button.closest('li, section');
  group?.querySelector<HTMLElement>('button:not([hidden], [data-action="cancel"])')?.focus();
}
