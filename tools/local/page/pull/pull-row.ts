import { createCancelButton } from '../components/cancel-button.ts';
import { enableCopyButton } from '../components/copy-button.ts';
import { createElement, setText, setVisible } from '../components/dom.ts';
import { createLifeToggle } from '../components/life-toggle.ts';
import { createPlayer } from '../components/player.ts';
import type { UploadStore } from '../uploads-list/upload-store.ts';
import type { PullItem, PullTrouble, PullView } from './pull.ts';
import type { ShownAddress } from './pull-lines.ts';

/** The row of one pull. */
export interface PullRow {
  readonly element: HTMLLIElement;
  render(view: PullView): void;
  /** To be called when the row goes away. */
  close(): void;
}

interface RowContext {
  readonly uploadStore: UploadStore;
  /** Puts the URL back into the form. */
  readonly onEdit: () => void;
}

/** Builds the row of one pull. */
export function createPullRow({ id }: PullItem, { uploadStore, onEdit }: RowContext): PullRow {
  const name = `pull-${id}`;
  const address = createElement('p', { class: 'pull-address', attributes: { id: name } });
  const state = createElement('p', { class: 'state-chip' });
  const bar = createElement('progress', { attributes: { max: '100', 'aria-labelledby': name } });
  const trouble = createElement('div', { class: 'pull-trouble' });
  const note = createElement('span');
  const receipt = createElement('span', { class: 'pull-receipt' });
  const media = createElement('div', { class: 'stage-media' });
  const ids = createElement('dl', { class: 'copy-rows', attributes: { hidden: '' } });
  const life = createLifeToggle(uploadStore);
  const cancel = createCancelButton(uploadStore, 'Cancel');
  const buttons = createButtons({ name, media, ids, onEdit });
  buttons.element.prepend(life.button);
  buttons.element.append(cancel.element);
  const facts = createElement('p', { class: 'pull-facts' }, [note, receipt]);
  const foot = createElement('div', { class: 'pull-foot' }, [facts, buttons.element]);
  const element = createElement('li', { class: 'pull' }, [
    createElement('div', { class: 'pull-head' }, [address, state]),
    ...[bar, trouble, foot, life.element, media, ids],
  ]);
  let shown = '';

  return {
    element,
    close: life.close,
    render(view) {
      life.render(view.uploadId);
      cancel.render(uploadStore.upload(view.uploadId));
      const key = JSON.stringify(view);
      if (key === shown) return;
      shown = key;
      for (const marked of [element, state]) marked.dataset['state'] = view.state;
      renderAddress(address, view.address);
      setText(state, view.label);
      renderProgress(bar, view.progress);
      renderTrouble(trouble, view.trouble);
      setText(note, view.note);
      receipt.dataset['callback'] = view.callback;
      setText(receipt, RECEIPTS[view.callback]);
      setVisible(receipt, view.callback !== 'none');
      buttons.render(view);
      renderIds(ids, view);
    },
  };
}

const RECEIPTS: Readonly<Record<PullView['callback'], string>> = {
  none: '',
  awaited: 'Callback awaited',
  received: 'Callback received',
};

function renderAddress(element: HTMLElement, { host, path }: ShownAddress): void {
  if (element.textContent === `${host}${path}`) return;
  element.replaceChildren(
    createElement('span', { class: 'pull-host', text: host }),
    createElement('wbr'),
    document.createTextNode(path),
  );
}

function renderProgress(bar: HTMLProgressElement, progress: number | null): void {
  setVisible(bar, progress !== null);
  if (progress !== null) bar.value = progress;
}

function renderTrouble(element: HTMLElement, trouble: PullTrouble | null): void {
  setVisible(element, trouble !== null);
  if (trouble === null) return;
  const lines = trouble.messages.map(({ path, message }) =>
    createElement('p', { class: 'pull-message' }, [
      createElement('code', { text: path || trouble.code }),
      document.createTextNode(` ${message}`),
    ]),
  );
  const advice = createElement('p', { class: 'hint', text: trouble.advice });
  element.replaceChildren(...lines, ...(trouble.advice === '' ? [] : [advice]));
}

interface ButtonContext extends Pick<RowContext, 'onEdit'> {
  /** Id of the address, which names the group. */
  readonly name: string;
  readonly media: HTMLElement;
  readonly ids: HTMLElement;
}

function createButtons({ name, media, ids, onEdit }: ButtonContext) {
  const play = createButton('Play');
  const open = createElement('a', {
    class: 'button button-small',
    text: 'Open',
    attributes: { target: '_blank' },
  });
  const more = createButton('IDs');
  const edit = createButton('Edit and retry');
  let source = { url: '', coverUrl: '' };
  let isPlaying = false;

  function togglePlayer(): void {
    isPlaying = !isPlaying;
    media.replaceChildren(...(isPlaying ? [createPlayer(source)] : []));
    setText(play, isPlaying ? 'Close' : 'Play');
    play.setAttribute('aria-expanded', String(isPlaying));
  }
  play.setAttribute('aria-expanded', 'false');
  play.addEventListener('click', togglePlayer);
  more.setAttribute('aria-expanded', 'false');
  more.addEventListener('click', () => {
    const isShown = !ids.hasAttribute('hidden');
    setVisible(ids, !isShown);
    more.setAttribute('aria-expanded', String(!isShown));
  });
  edit.addEventListener('click', onEdit);

  return {
    element: createElement(
      'div',
      { class: 'pull-buttons', attributes: { role: 'group', 'aria-labelledby': name } },
      [play, open, more, edit],
    ),
    render({ mediaUrl, coverUrl, uploadId, state, isRepeatable }: PullView): void {
      source = { url: mediaUrl, coverUrl };
      if (mediaUrl !== '') open.href = mediaUrl;
      setVisible(play, mediaUrl !== '');
      setVisible(open, mediaUrl !== '');
      setVisible(more, uploadId !== '');
      setVisible(edit, isRepeatable && (state === 'failed' || state === 'cancelled'));
    },
  };
}

function createButton(text: string): HTMLButtonElement {
  return createElement('button', {
    class: 'button button-small',
    text,
    attributes: { type: 'button' },
  });
}

function renderIds(list: HTMLDListElement, view: PullView): void {
  const known = [
    { name: 'File ID', value: view.fileId, field: 'fileId' },
    { name: 'Upload ID', value: view.uploadId, field: 'uploadId' },
    { name: 'Task ID', value: view.taskId, field: 'taskId' },
    { name: 'Media URL', value: view.mediaUrl, field: 'mediaUrl' },
  ].filter(({ value }) => value !== '');
  if (list.childElementCount === known.length) return;
  list.replaceChildren(
    ...known.map(({ name, value, field }) => {
      const code = createElement('code', { text: value, attributes: { 'data-field': field } });
      const copy = createButton('Copy');
      enableCopyButton(copy, code, name);
      return createElement('div', {}, [
        createElement('dt', { text: name }),
        createElement('dd', {}, [code, copy]),
      ]);
    }),
  );
}
