import { byId } from './components/dom.ts';

/** The ways in which the page brings media in. */
const WAYS = ['upload', 'pull'] as const;

/** One of the ways. */
type Way = (typeof WAYS)[number];

/** The tabs of the ways. */
export interface WayTabs {
  select(way: Way): void;
}

/** Builds the tabs; the address of the page names the one that is open, as in `#pull`. */
export function createWayTabs(): WayTabs {
  const tabs = WAYS.map((way) => ({ way, tab: byId(`${way}-tab`, HTMLButtonElement) }));
  const main = byId('main', HTMLElement);

  function show(chosen: Way): void {
    main.dataset['way'] = chosen;
    for (const { way, tab } of tabs) {
      tab.setAttribute('aria-selected', String(way === chosen));
      tab.tabIndex = way === chosen ? 0 : -1;
    }
  }
  function select(way: Way): void {
    show(way);
    history.replaceState(null, '', `#${way}`);
  }
  function followAddress(): void {
    const way = WAYS.find((name) => location.hash === `#${name}`);
    if (way !== undefined) show(way);
  }

  for (const [place, { way, tab }] of tabs.entries()) {
    tab.addEventListener('click', () => select(way));
    tab.addEventListener('keydown', (event) => {
      const next = tabs.at(nextPlace(event.key, place) % tabs.length);
      if (next === undefined || next.tab === tab) return;
      event.preventDefault();
      select(next.way);
      next.tab.focus();
    });
  }
  window.addEventListener('hashchange', followAddress);
  show('upload');
  followAddress();
  return { select };
}

function nextPlace(key: string, place: number): number {
  if (key === 'ArrowRight') return place + 1;
  if (key === 'ArrowLeft') return place - 1;
  if (key === 'Home') return 0;
  return key === 'End' ? -1 : place;
}
