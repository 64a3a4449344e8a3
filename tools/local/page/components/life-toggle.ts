import type { UploadStore } from '../uploads-list/upload-store.ts';
import { createElement, setVisible } from './dom.ts';
import { createTimelineList } from './timeline-list.ts';

/** A button that opens the timeline of a row. */
export interface LifeToggle {
  readonly button: HTMLButtonElement;
  readonly element: HTMLElement;
  /** An empty id is none: then there is nothing to open. */
  render(uploadId: string): void;
  /** To be called when the row goes away. */
  close(): void;
}

/** Builds the button and the closed timeline; the ledger is asked while it is open. */
export function createLifeToggle(uploadStore: UploadStore): LifeToggle {
  const button = createElement('button', {
    class: 'button button-small',
    text: 'Timeline',
    attributes: { type: 'button', 'aria-expanded': 'false', 'data-action': 'timeline' },
  });
  const list = createTimelineList('Timeline');
  let uploadId = '';
  let unfollow: (() => void) | undefined;

  const render = () => list.render(uploadStore.life(uploadId), uploadStore.state());
  function close(): void {
    unfollow?.();
    unfollow = undefined;
    setVisible(list.element, false);
    button.setAttribute('aria-expanded', 'false');
  }
  function open(): void {
    unfollow = uploadStore.follow(uploadId);
    setVisible(list.element, true);
    button.setAttribute('aria-expanded', 'true');
    render();
  }
  close();
  button.addEventListener('click', () => (unfollow === undefined ? open() : close()));

  return {
    button,
    element: list.element,
    render(id) {
      uploadId = id;
      setVisible(button, id !== '');
      if (unfollow !== undefined) render();
    },
    close,
  };
}
