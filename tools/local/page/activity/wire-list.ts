import type { RecordedActivity } from '../../activity.ts';
import { byId, createElement, setVisible } from '../components/dom.ts';
import { formatClock } from '../components/format.ts';
import { ACTIVITY_KINDS, type ActivityKind, describeActivity } from './activity-text.ts';

/** The live list of what happens. */
export interface WireList {
  add(activity: RecordedActivity): void;
}

const MAX_ROWS = 300;
/** More than the rows shown, so that a filter finds older activities of its kind. */
const MAX_KEPT = 2_000;
const FOLLOW_PIXELS = 24;
/** The page itself asks for the state of its uploads whenever something has happened. */
const HIDDEN_AT_FIRST: readonly ActivityKind[] = ['read'];

/** Builds the list, oldest first; it follows the newest row unless somebody has scrolled up to read. */
export function createWireList(): WireList {
  const list = byId('wire', HTMLDivElement);
  const latest = byId('wire-latest', HTMLButtonElement);
  const hidden = new Set<ActivityKind>(HIDDEN_AT_FIRST);
  let kept: RecordedActivity[] = [];
  let waiting: RecordedActivity[] = [];
  let isFollowing = true;

  const isShown = (activity: RecordedActivity) => !hidden.has(describeActivity(activity).kind);

  function follow(): void {
    if (isFollowing) list.scrollTop = list.scrollHeight;
    setVisible(latest, !isFollowing);
  }
  function showRows(activities: readonly RecordedActivity[]): void {
    list.append(...activities.slice(-MAX_ROWS).map(createRow));
    while (list.childElementCount > MAX_ROWS) list.firstElementChild?.remove();
    setVisible(byId('wire-empty', HTMLParagraphElement), list.childElementCount === 0);
    follow();
  }
  function flush(): void {
    const arrived = waiting;
    waiting = [];
    kept = [...kept, ...arrived].slice(-MAX_KEPT);
    showRows(arrived.filter(isShown));
  }
  function rebuild(): void {
    list.replaceChildren();
    isFollowing = true;
    showRows(kept.filter(isShown));
  }

  list.addEventListener('scroll', () => {
    isFollowing = list.scrollHeight - list.scrollTop - list.clientHeight < FOLLOW_PIXELS;
    setVisible(latest, !isFollowing);
  });
  latest.addEventListener('click', () => {
    isFollowing = true;
    follow();
    list.focus();
  });
  byId('wire-clear', HTMLButtonElement).addEventListener('click', () => {
    kept = [];
    rebuild();
  });
  createFilters(hidden, rebuild);

  return {
    add(activity) {
      if (waiting.length === 0) window.setTimeout(flush, 50);
      waiting.push(activity);
    },
  };
}

function createFilters(hidden: Set<ActivityKind>, onChange: () => void): void {
  const group = byId('wire-filters', HTMLFieldSetElement);
  for (const [name, text] of Object.entries(ACTIVITY_KINDS)) {
    const kind = name as ActivityKind;
    const chip = createElement('button', {
      class: 'chip',
      text,
      attributes: { type: 'button', 'aria-pressed': String(!hidden.has(kind)), 'data-kind': kind },
    });
    chip.addEventListener('click', () => {
      const isShown = hidden.delete(kind);
      if (!isShown) hidden.add(kind);
      chip.setAttribute('aria-pressed', String(isShown));
      onChange();
    });
    group.append(chip);
  }
}

function createRow(activity: RecordedActivity): HTMLDetailsElement {
  const { kind, title, detail, status, tone } = describeActivity(activity);
  const summary = createElement('summary', {}, [
    createElement('time', {
      text: formatClock(new Date(activity.at)),
      attributes: { datetime: activity.at },
    }),
    createElement('span', { class: 'wire-title', text: title }),
    createElement('span', { class: 'wire-status', text: status }),
    createElement('span', { class: 'wire-detail', text: detail }),
  ]);
  const attributes = { 'data-kind': kind, 'data-tone': tone, 'data-type': activity.type };
  const row = createElement('details', { class: 'wire-row', attributes }, [summary]);
  row.addEventListener(
    'toggle',
    () => {
      const text = JSON.stringify(activity, null, 2);
      row.append(createElement('pre', { text, attributes: { tabindex: '0' } }));
      row.scrollIntoView({ block: 'nearest' });
    },
    { once: true },
  );
  return row;
}
