import { useRef } from 'preact/hooks';

interface TabsProps<T extends string> {
  /** Id of the element that labels them. */
  readonly labelledBy: string;
  readonly tabs: readonly { readonly name: T; readonly text: string }[];
  readonly chosen: T;
  readonly onChoose: (name: T) => void;
}

/** Tabs; the arrow keys choose one. The id of a panel is the tab's name with `-panel`. */
export function Tabs<T extends string>({ labelledBy, tabs, chosen, onChoose }: TabsProps<T>) {
  const list = useRef<HTMLDivElement>(null);

  function move(event: KeyboardEvent, place: number): void {
    const next = tabs.at(nextPlace(event.key, place) % tabs.length);
    if (next === undefined || next.name === tabs[place]?.name) return;
    event.preventDefault();
    onChoose(next.name);
    list.current?.querySelector<HTMLElement>(`#${next.name}-tab`)?.focus();
  }
  return (
    <div class="tabs" role="tablist" aria-labelledby={labelledBy} ref={list}>
      {tabs.map(({ name, text }, place) => (
        <button
          key={name}
          id={`${name}-tab`}
          class="tab"
          type="button"
          role="tab"
          aria-selected={name === chosen}
          aria-controls={`${name}-panel`}
          tabIndex={name === chosen ? 0 : -1}
          onClick={() => onChoose(name)}
          onKeyDown={(event) => move(event, place)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

function nextPlace(key: string, place: number): number {
  if (key === 'ArrowRight') return place + 1;
  if (key === 'ArrowLeft') return place - 1;
  if (key === 'Home') return 0;
  return key === 'End' ? -1 : place;
}
