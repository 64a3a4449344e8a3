import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { ActivityEntry } from './activity-entry.tsx';
import type { ActivityModel } from './activity-model.ts';
import type { ActivityRow } from './activity-rows.ts';
import { ACTIVITY_KINDS, type ActivityKind } from './activity-text.ts';

const FOLLOW_PIXELS = 24;

/** The live list of activities, oldest first; it follows the newest row unless the user has scrolled up. */
export function ActivityList({ model }: { readonly model: ActivityModel }) {
  const rows = model.rows.value;
  return (
    <section class="card card-wire" aria-labelledby="wire-heading">
      <header class="card-head">
        <h2 id="wire-heading">What happens</h2>
        <button class="button button-small" type="button" onClick={model.clear}>
          Clear
        </button>
      </header>
      <Filters model={model} />
      <div class="wire-frame">
        <Rows rows={rows} />
        {rows.length === 0 && (
          <p class="wire-empty">
            Every call is listed here as the server sees it: signatures, calls to VOD, pulls, parts,
            notifications.
          </p>
        )}
      </div>
    </section>
  );
}

function Filters({ model }: { readonly model: ActivityModel }) {
  const hidden = model.hidden.value;
  const kinds = Object.entries(ACTIVITY_KINDS) as [ActivityKind, string][];
  return (
    <details class="wire-filters">
      <summary>
        Filter{' '}
        <span class="muted">
          {kinds.length - hidden.size} of {kinds.length} kinds shown
        </span>
      </summary>
      <fieldset class="chips">
        <legend class="visually-hidden">Show</legend>
        {kinds.map(([kind, text]) => (
          <button
            key={kind}
            class="chip"
            type="button"
            aria-pressed={!hidden.has(kind)}
            onClick={() => model.toggle(kind)}
          >
            {text}
          </button>
        ))}
      </fieldset>
    </details>
  );
}

/** The rows are one stop of the tab key; the arrow keys move from row to row. */
function Rows({ rows }: { readonly rows: readonly ActivityRow[] }) {
  const list = useRef<HTMLDivElement>(null);
  const isFollowing = useSignal(true);
  useLayoutEffect(() => {
    if (isFollowing.peek() && list.current) list.current.scrollTop = list.current.scrollHeight;
  });
  return (
    <>
      <div
        id="wire"
        class="wire"
        ref={list}
        role="log"
        aria-live="off"
        aria-label="What happens, oldest first. The arrow keys go from row to row."
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and its rows are reached from here.
        tabIndex={0}
        onKeyDown={moveFocus}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          isFollowing.value = scrollHeight - scrollTop - clientHeight < FOLLOW_PIXELS;
        }}
      >
        {rows.map((row) => (
          <ActivityEntry key={row.key} row={row} />
        ))}
      </div>
      {!isFollowing.value && (
        <button
          class="button button-small wire-latest"
          type="button"
          onClick={() => {
            isFollowing.value = true;
            list.current?.focus();
          }}
        >
          Jump to latest
        </button>
      )}
    </>
  );
}

function moveFocus(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('summary')];
  const focused = document.activeElement;
  const place = focused instanceof HTMLElement ? rows.indexOf(focused) : -1;
  const next = nextRow(event.key, place, rows.length);
  if (next === undefined) return;
  event.preventDefault();
  rows[next]?.focus();
}

/** Returns the row to which a key moves the focus; undefined for other keys. */
function nextRow(key: string, place: number, count: number): number | undefined {
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  if (key === 'ArrowUp') return place < 0 ? count - 1 : Math.max(0, place - 1);
  if (key === 'ArrowDown') return place < 0 ? count - 1 : Math.min(count - 1, place + 1);
  return undefined;
}
