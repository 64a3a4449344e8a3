import { type ReadonlySignal, signal } from '@preact/signals';

/** A view of the page: upload or pull, or another one. */
type View = 'upload' | 'pull' | 'lab' | 'connect';

const VIEWS: readonly View[] = ['upload', 'pull', 'lab', 'connect'];

/** The choice of the view. */
export interface ViewChoice {
  readonly view: ReadonlySignal<View>;
  /** The one of upload and pull that was chosen last. */
  readonly way: ReadonlySignal<'upload' | 'pull'>;
  show(view: View): void;
}

/** Returns the choice, which is in the fragment of the page's address, such as `#pull`. */
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
