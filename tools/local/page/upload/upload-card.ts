import { byId, setText, setVisible } from '../components/dom.ts';
import { formatBytes, formatSpan } from '../components/format.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import { storedBytes } from './stored-parts.ts';
import { isRunning, type Phase, type Upload } from './upload.ts';

const PHASE_TEXTS: Readonly<Record<Phase, string>> = {
  idle: 'Nothing chosen',
  ready: 'Ready',
  uploading: 'Uploading',
  paused: 'Paused',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

/** The buttons of the card and the phases each is for. */
const ACTIONS: Readonly<Record<string, readonly Phase[]>> = {
  start: ['ready'],
  resume: ['paused'],
  retry: ['failed', 'cancelled'],
  pause: ['uploading'],
  cancel: ['uploading', 'paused'],
  reset: ['ready', 'done', 'failed', 'cancelled'],
};

/** What a click on one of the card's buttons does. */
export type UploadActions = Readonly<Record<keyof typeof ACTIONS, () => void>>;

/** The card of the upload, apart from its stages and parts. */
export interface UploadCard {
  render(upload: Upload, facts: ServerFacts): void;
}

/** Builds the card around the elements that the page has for it. */
export function createUploadCard(actions: UploadActions): UploadCard {
  const state = byId('upload-state', HTMLParagraphElement);
  const buttons = Object.entries(ACTIONS).map(([id, phases]) => {
    const button = byId(id, HTMLButtonElement);
    button.addEventListener('click', () => actions[id]?.());
    return { button, phases };
  });

  function renderActions(phase: Phase): void {
    const focused = document.activeElement;
    const hadFocus = buttons.some(({ button }) => button === focused);
    for (const { button, phases } of buttons) setVisible(button, phases.includes(phase));
    if (hadFocus && focused instanceof HTMLElement && focused.hidden) {
      buttons.find(({ button }) => !button.hidden)?.button.focus();
    }
  }

  return {
    render(upload, facts) {
      const { phase } = upload;
      state.dataset['state'] = phase;
      setText(state, PHASE_TEXTS[phase]);
      setText(byId('retry', HTMLButtonElement), phase === 'failed' ? 'Retry' : 'Upload again');
      byId('reset', HTMLButtonElement).classList.toggle('button-primary', phase === 'done');
      // Only the storage client can pause, and it comes with the first bytes.
      byId('pause', HTMLButtonElement).disabled = upload.transfer.loaded === 0 || upload.stored;
      byId('cancel', HTMLButtonElement).disabled = upload.stored;
      renderActions(phase);
      setVisible(byId('drop-zone', HTMLDivElement), phase === 'idle');
      renderCancelled(upload);
      renderChosen(upload);
      renderTransfer(upload, facts);
      renderFailure(upload);
    },
  };
}

function renderCancelled({ phase, isGivenUp }: Upload): void {
  setVisible(byId('cancelled-notice', HTMLDivElement), phase === 'cancelled');
  setText(
    byId('cancelled-text', HTMLParagraphElement),
    isGivenUp
      ? 'The ledger has let go of this upload: a file that still came would be removed. “Upload again” begins a new one.'
      : 'The SDK sends nothing when it cancels: the parts stay in storage and the SDK keeps its session, so “Upload again” sends only what is missing.',
  );
}

function renderChosen({ file, cover }: Upload): void {
  setVisible(byId('chosen', HTMLDivElement), file !== null);
  if (file === null) return;
  setText(byId('file-name', HTMLParagraphElement), file.name);
  const facts = [formatBytes(file.size), file.type || 'type unknown to this browser'];
  if (cover !== null) facts.push(`cover ${cover.name}`);
  setText(byId('file-facts', HTMLParagraphElement), facts.join(' · '));
}

function renderTransfer(upload: Upload, facts: ServerFacts): void {
  const { file, phase, transfer, stored } = upload;
  const isShown = file !== null && (transfer.loaded > 0 || stored || isRunning(upload));
  setVisible(byId('transfer', HTMLDivElement), isShown);
  const percentText = byId('percent', HTMLParagraphElement);
  setVisible(percentText, isShown);
  if (file === null || !isShown) return;
  const loaded = loadedBytes(upload, facts);
  const percent = file.size === 0 ? Number(stored) * 100 : (loaded / file.size) * 100;
  const bar = byId('progress', HTMLProgressElement);
  bar.value = percent;
  bar.dataset['state'] = phase;
  // The browser counts a byte as sent long before storage has it.
  setText(percentText, `${Math.min(Math.floor(percent), stored ? 100 : 99)} %`);
  setText(
    byId('transferred', HTMLSpanElement),
    `${formatBytes(loaded)} of ${formatBytes(file.size)}`,
  );
  setText(byId('rate', HTMLSpanElement), phase === 'uploading' ? describeRate(upload) : '');
}

/** While bytes flow, what the browser has sent; afterwards only what storage has. */
function loadedBytes(upload: Upload, facts: ServerFacts): number {
  const { file, phase, stored, transfer } = upload;
  if (stored) return file?.size ?? 0;
  return phase === 'uploading' ? transfer.loaded : storedBytes(upload, facts);
}

function describeRate({ transfer, stored }: Upload): string {
  if (stored || transfer.bytesPerSecond === 0) return '';
  const speed = `${formatBytes(transfer.bytesPerSecond)}/s`;
  if (transfer.remainingSeconds === null) return speed;
  if (transfer.remainingSeconds === 0) return 'Sent, waiting for storage';
  return `${speed} · ${formatSpan(Math.max(1, transfer.remainingSeconds))} left`;
}

function renderFailure({ failure }: Upload): void {
  setVisible(byId('failure', HTMLDivElement), failure !== null);
  if (failure === null) return;
  setText(byId('failure-title', HTMLSpanElement), failure.title);
  const code = document.getElementById('failure-code');
  if (code !== null) setText(code, failure.code);
  setText(byId('failure-message', HTMLParagraphElement), failure.message);
  setText(byId('failure-advice', HTMLParagraphElement), failure.advice);
}
