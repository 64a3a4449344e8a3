import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { inheritFocus } from '../components/focus.ts';
import { isUnfinished } from '../stack/ledger-answers.ts';
import { findFileProblem } from './readiness.ts';
import { findResumable } from './resume-keeper.ts';
import { isRunning, type Phase, type Upload } from './upload.ts';
import type { UploadModel } from './upload-model.ts';

interface UploadActionsProps {
  readonly model: UploadModel;
  readonly onStart: () => void;
}

/** The possible actions on the upload in its present state. */
export function UploadActions({ model, onStart }: UploadActionsProps) {
  const upload = model.upload.value;
  const kept = model.kept.value;
  const { phase, isGivenUp } = upload;
  const isStopped = phase === 'cancelled' && !isGivenUp;
  const group = useFocusKeeping(phase);
  // Only the storage client can pause, and it exists from the first bytes on. A button that cannot act yet keeps the
  // focus.
  const isTooEarly = upload.transfer.loaded === 0 || upload.stored;
  const button = (id: string, text: string, phases: readonly Phase[], onClick: () => unknown) =>
    ({ id, type: 'button', hidden: !phases.includes(phase), onClick, children: text }) as const;
  const main = { class: 'button button-primary' };
  const isResumable = phase === 'ready' && findResumable(model.note.value, upload) !== null;
  return (
    <div id="actions" class="actions" {...group} hidden={phase === 'idle'}>
      <button
        {...main}
        {...button('start', isResumable ? 'Resume upload' : 'Start upload', ['ready'], onStart)}
        disabled={findFileProblem(upload) !== ''}
      />
      <button {...main} {...button('resume', 'Resume', ['paused'], model.resume)} />
      <button {...main} {...button('retry', retryText(upload), ['failed', 'cancelled'], onStart)} />
      <button
        class="button"
        {...button('pause', 'Pause', ['uploading'], () => isTooEarly || model.pause())}
        aria-disabled={isTooEarly}
      />
      <button
        class="button"
        {...button('stop', 'Stop', ['uploading', 'paused'], () => upload.stored || model.stop())}
        aria-disabled={upload.stored}
        aria-describedby="stop-hint"
      />
      <CancelUpload model={model} isPossible={kept !== undefined && isUnfinished(kept)} />
      <button
        class={phase === 'done' ? 'button button-primary' : 'button'}
        {...button('reset', 'Choose another file', ENDED_OR_READY, model.reset)}
      />
      <p id="stop-hint" class="hint" hidden={!isRunning(upload) && !isStopped}>
        {isStopped
          ? '“Continue” sends only what is missing. “Cancel upload” gives the upload up for good.'
          : '“Stop” keeps what is stored, so that it can be continued, after a reload too. “Cancel upload” gives it up for good.'}
      </p>
    </div>
  );
}

const ENDED_OR_READY: readonly Phase[] = ['ready', 'done', 'failed', 'cancelled'];

function retryText({ phase, isGivenUp }: Upload): string {
  if (phase === 'failed') return 'Retry';
  return isGivenUp ? 'Upload again' : 'Continue';
}

interface CancelUploadProps {
  readonly model: UploadModel;
  readonly isPossible: boolean;
}

function CancelUpload({ model, isPossible }: CancelUploadProps) {
  const isBusy = useSignal(false);
  const problem = useSignal('');

  async function cancel(): Promise<void> {
    isBusy.value = true;
    problem.value = (await model.cancel()) ?? '';
    isBusy.value = false;
  }
  return (
    <>
      <button
        id="cancel-upload"
        class="button"
        type="button"
        hidden={!isPossible}
        aria-disabled={isBusy.value}
        aria-describedby="stop-hint"
        onClick={() => void (isBusy.value || cancel())}
      >
        Cancel upload
      </button>
      {problem.value !== '' && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
    </>
  );
}

/** Returns the attributes of a group of buttons in which the focus stays when the button that has it disappears. */
function useFocusKeeping(phase: Phase) {
  const group = useRef<HTMLDivElement>(null);
  const shown = useRef(phase);
  useEffect(() => {
    // After a file was chosen, the next step is the start.
    const isChosen = phase === 'ready' && shown.current !== 'ready';
    if (isChosen) group.current?.querySelector('button')?.focus();
    shown.current = phase;
  }, [phase]);
  return {
    ref: group,
    onFocusOut: (event: FocusEvent) => inheritFocus(event, group.current),
  };
}
