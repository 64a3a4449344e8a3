import { type ReadonlySignal, signal } from '@preact/signals';

/** What the page shows: one of two ways to bring media in, or another view. */
type View = 'upload' | 'pull' | 'lab' | 'connect';

const VIEWS: readonly View[] = ['upload', 'pull', 'lab', 'connect'];

/** The choice of what the page shows. */
export interface ViewChoice {
  readonly view: ReadonlySignal<View>;
  /** The way to bring media in that was chosen last. */
  readonly way: ReadonlySignal<'upload' | 'pull'>;
  show(view: View): void;
}

/** Returns the choice, which the address of the page names, as in `#pull`. */
export function createViewChoice(): ViewChoice {
  const view = signal<View>('upload');
  const way = signal<'upload' | 'pull'>('upload');

  function take(next: View): void {
    view.value = next;
    if (next === 'upload' || next === 'pull') way.value = next;
  }
  function followAddress(): void {
    const named = VIEWS.find((name) => location.hash === `#${name}`);
    if (named !== undefined) take(named);
  }
  window.addEventListener('hashchange', followAddress);
  followAddress();
  return {
    view,
    way,
    show(next) {
      take(next);
      history.replaceState(null, '', `#${next}`);
    },
  };
}
