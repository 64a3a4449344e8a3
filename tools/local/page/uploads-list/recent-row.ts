import { createCancelButton } from '../components/cancel-button.ts';
import { createElement, setText, setVisible } from '../components/dom.ts';
import { formatBytes, formatClock, formatSpan } from '../components/format.ts';
import { showLedgerState } from '../components/ledger-state.ts';
import { createLifeToggle } from '../components/life-toggle.ts';
import { createPlayer } from '../components/player.ts';
import type { ApplicationText } from '../stack/applications.ts';
import { describeProblem, type LedgerUpload } from '../stack/ledger-answers.ts';
import type { UploadStore } from './upload-store.ts';

/** The row of one upload that the ledger knows. */
export interface RecentRow {
  readonly element: HTMLLIElement;
  render(upload: LedgerUpload): void;
  /** To be called when the row goes away. */
  close(): void;
}

/** Builds the row of one upload. */
export function createRecentRow(
  uploadId: string,
  uploadStore: UploadStore,
  applications: ApplicationText,
): RecentRow {
  const nameId = `recent-${uploadId}`;
  const name = createElement('p', { class: 'recent-name', attributes: { id: nameId } });
  const chip = createElement('p', { class: 'state-chip' });
  const facts = createElement('span');
  const application = createElement('span');
  const trouble = createElement('p', { class: 'pull-message' });
  const media = createElement('div', { class: 'stage-media' });
  const play = createPlayButton(media);
  const life = createLifeToggle(uploadStore);
  const cancel = createCancelButton(uploadStore, 'Cancel');
  const buttons = createElement(
    'div',
    { class: 'pull-buttons', attributes: { role: 'group', 'aria-labelledby': nameId } },
    [life.button, play.button, cancel.element],
  );
  const element = createElement(
    'li',
    { class: 'recent', attributes: { 'data-upload': uploadId } },
    [
      createElement('div', { class: 'pull-head' }, [name, chip]),
      trouble,
      createElement('div', { class: 'pull-foot' }, [
        createElement('p', { class: 'pull-facts' }, [facts, application]),
        buttons,
      ]),
      life.element,
      media,
    ],
  );

  return {
    element,
    render(upload) {
      element.dataset['state'] = upload.state;
      name.dataset['named'] = String(upload.name !== '');
      setText(name, upload.name || upload.fileId || upload.uploadId);
      showLedgerState(chip, upload.state);
      setText(facts, describeFacts(upload));
      setText(application, applications.describe(upload));
      setText(trouble, describeProblem(upload));
      setVisible(trouble, trouble.textContent !== '');
      play.render(upload);
      cancel.render(upload);
      life.render(upload.uploadId);
    },
    close: life.close,
  };
}

function describeFacts({ method, size, duration, createdAt }: LedgerUpload): string {
  return [
    method,
    size === null ? '' : formatBytes(size),
    duration === null || duration === 0 ? '' : formatSpan(duration),
    formatClock(createdAt).slice(0, 8),
  ]
    .filter(Boolean)
    .join(' · ');
}

function createPlayButton(media: HTMLElement) {
  const button = createElement('button', {
    class: 'button button-small',
    text: 'Play',
    attributes: { type: 'button', 'aria-expanded': 'false' },
  });
  let source = { url: '', coverUrl: '' };

  function show(isPlaying: boolean): void {
    media.replaceChildren(...(isPlaying ? [createPlayer(source)] : []));
    setText(button, isPlaying ? 'Close' : 'Play');
    button.setAttribute('aria-expanded', String(isPlaying));
  }
  button.addEventListener('click', () => show(media.childElementCount === 0));
  return {
    button,
    render({ mediaUrl, coverUrl, state }: LedgerUpload): void {
      const isGone = mediaUrl === '' || state !== 'ready';
      source = { url: mediaUrl, coverUrl };
      if (isGone && media.childElementCount > 0) show(false);
      setVisible(button, !isGone);
    },
  };
}
