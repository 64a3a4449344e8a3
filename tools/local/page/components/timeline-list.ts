import type { UploadLife } from '../stack/ledger-answers.ts';
import type { LedgerState } from '../uploads-list/upload-store.ts';
import { createElement, setText, setVisible } from './dom.ts';
import { formatClock } from './format.ts';
import { describeLife, type TimelineEntry } from './timeline.ts';

/** The life of one upload as a list. */
export interface TimelineList {
  readonly element: HTMLElement;
  render(life: UploadLife | undefined, ledger: LedgerState): void;
}

/** Builds an empty list; `label` says to a screen reader what it is. */
export function createTimelineList(label: string): TimelineList {
  const list = createElement('ol', { class: 'timeline', attributes: { 'aria-label': label } });
  const empty = createElement('p', { class: 'muted timeline-empty', text: 'Asking the ledger' });
  const element = createElement('div', { class: 'timeline-frame' }, [list, empty]);
  const items = new Map<string, { readonly item: HTMLLIElement; shown: string }>();

  function renderEntry(entry: TimelineEntry, place: number): void {
    const shown = JSON.stringify(entry);
    const known = items.get(entry.key);
    if (known?.shown === shown && list.children[place] === known.item) return;
    const item = known?.item ?? createElement('li', { class: 'timeline-entry' });
    items.set(entry.key, { item, shown });
    item.dataset['kind'] = entry.kind;
    item.dataset['tone'] = entry.tone;
    item.dataset['title'] = entry.title;
    item.replaceChildren(...createLines(entry));
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  }

  return {
    element,
    render(life, ledger) {
      const entries = life === undefined ? [] : describeLife(life);
      const keys = new Set(entries.map(({ key }) => key));
      for (const [key, { item }] of items) {
        if (keys.has(key)) continue;
        item.remove();
        items.delete(key);
      }
      for (const [place, entry] of entries.entries()) renderEntry(entry, place);
      setVisible(list, entries.length > 0);
      setVisible(empty, entries.length === 0);
      setText(empty, explainEmpty(life, ledger));
    },
  };
}

function explainEmpty(life: UploadLife | undefined, ledger: LedgerState): string {
  if (ledger.kind === 'refused') return `The ledger does not answer: ${ledger.detail}`;
  return life === undefined ? 'Asking the ledger' : 'The ledger has no events of it yet';
}

function createLines({ at, title, notes }: TimelineEntry): readonly Node[] {
  const time = createElement('time', {
    text: formatClock(at),
    attributes: { datetime: at.toISOString() },
  });
  const name = createElement('span', { class: 'timeline-title', text: title });
  return [
    createElement('span', { class: 'timeline-dot', attributes: { 'aria-hidden': 'true' } }),
    name,
    time,
    ...notes.map(({ text, tone }) =>
      createElement('span', { class: 'timeline-note', text, attributes: { 'data-tone': tone } }),
    ),
  ];
}
