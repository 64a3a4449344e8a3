import { byId, createElement, setText, setVisible } from '../components/dom.ts';
import type { UploadStore } from '../uploads-list/upload-store.ts';
import { isEnded, type PullItem, summarizePulls, type ViewedPull } from './pull.ts';
import { createPullRow, type PullRow } from './pull-row.ts';

/** The card with a row for each pull. */
export interface PullList {
  render(pulls: readonly ViewedPull[], isBusy: boolean): void;
}

interface ListContext {
  readonly uploadStore: UploadStore;
  readonly onEdit: (item: PullItem) => void;
  /** Sends what there was no time for. */
  readonly onSendRest: () => void;
  /** Takes away the rows of pulls that have ended. */
  readonly onTidy: () => void;
}

/** More rows than this scroll in themselves, so that what follows stays within reach. */
const MAX_UNSCROLLED = 12;

/** Builds the card; rows are in the order of `pulls`. */
export function createPullList({ uploadStore, onEdit, onSendRest, onTidy }: ListContext): PullList {
  const card = byId('pulls-card', HTMLElement);
  const summary = createElement('p', { class: 'muted', attributes: { id: 'pulls-summary' } });
  const rest = createButton('pulls-rest', 'Send the rest', onSendRest);
  const tidy = createButton('pulls-tidy', 'Clear ended', onTidy);
  const list = createElement('ol', { class: 'pulls', attributes: { id: 'pulls' } });
  const rows = new Map<number, PullRow>();
  card.append(
    createElement('header', { class: 'card-head' }, [
      createElement('h2', { text: 'Pulls', attributes: { id: 'pulls-heading' } }),
      summary,
      createElement('div', { class: 'pulls-actions' }, [rest, tidy]),
    ]),
    list,
  );

  const contextOf = (item: PullItem) => ({ uploadStore, onEdit: () => onEdit(item) });

  return {
    render(pulls, isBusy) {
      setVisible(card, pulls.length > 0);
      arrangeRows(list, rows, pulls, contextOf);
      for (const { item, view } of pulls) rows.get(item.id)?.render(view);
      const isLong = pulls.length > MAX_UNSCROLLED;
      list.dataset['long'] = String(isLong);
      if (isLong) list.tabIndex = 0;
      else list.removeAttribute('tabindex');
      const views = pulls.map(({ view }) => view);
      setText(summary, summarizePulls(views));
      const unsent = views.filter(({ state }) => state === 'unsent').length;
      setVisible(rest, unsent > 0);
      setText(rest, `Send the rest (${unsent.toLocaleString('en')})`);
      rest.disabled = isBusy;
      setVisible(tidy, views.some(isEnded));
    },
  };
}

function createButton(id: string, text: string, onClick: () => void): HTMLButtonElement {
  const attributes = { id, type: 'button' };
  const button = createElement('button', { class: 'button button-small', text, attributes });
  button.addEventListener('click', onClick);
  return button;
}

function arrangeRows(
  list: HTMLOListElement,
  rows: Map<number, PullRow>,
  pulls: readonly ViewedPull[],
  contextOf: (item: PullItem) => Parameters<typeof createPullRow>[1],
): void {
  const kept = new Set(pulls.map(({ item }) => item.id));
  for (const [id, row] of rows) {
    if (kept.has(id)) continue;
    row.close();
    row.element.remove();
    rows.delete(id);
  }
  if (rows.size === pulls.length) return;
  for (const [place, { item }] of pulls.entries()) {
    if (rows.has(item.id)) continue;
    const row = createPullRow(item, contextOf(item));
    rows.set(item.id, row);
    list.insertBefore(row.element, list.children[place] ?? null);
  }
}
