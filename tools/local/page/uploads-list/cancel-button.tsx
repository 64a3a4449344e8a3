import { useSignal } from '@preact/signals';
import { inheritFocus } from '../components/focus.ts';
import { isUnfinished, type LedgerUpload } from '../stack/ledger-answers.ts';
import type { UploadStore } from './upload-store.ts';

interface CancelButtonProps {
  readonly uploads: UploadStore;
  readonly upload: LedgerUpload | undefined;
  readonly text: string;
}

/** Cancels an upload in the backend; shown only if the upload can be cancelled. */
export function CancelButton({ uploads, upload, text }: CancelButtonProps) {
  const isBusy = useSignal(false);
  const problem = useSignal('');
  const isPossible = upload !== undefined && isUnfinished(upload);

  async function cancel(): Promise<void> {
    isBusy.value = true;
    problem.value = (await uploads.cancel(upload?.uploadId ?? '')) ?? '';
    isBusy.value = false;
  }
  return (
    <>
      <button
        class="button button-small"
        type="button"
        data-action="cancel"
        hidden={!isPossible}
        aria-disabled={isBusy.value}
        onFocusOut={(event) => inheritFocus(event, event.currentTarget.closest('li'))}
        onClick={() => void (isBusy.peek() || cancel())}
      >
        {text}
      </button>
      {problem.value !== '' && (
        <span class="field-error" role="alert">
          {problem.value}
        </span>
      )}
    </>
  );
}
