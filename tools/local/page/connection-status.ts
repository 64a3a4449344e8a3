import { byId, setText, setVisible } from './components/dom.ts';
import type { StreamState } from './stack/activity-stream.ts';

/** What the page says about its connection to the stack. */
export interface ConnectionStatus {
  show(state: StreamState): void;
}

const STATE_TEXTS: Readonly<Record<StreamState, string>> = {
  connecting: 'Connecting',
  open: 'Stack running',
  lost: 'Stack not reachable',
};

/** Builds the status and its banner; `reconnect` is called when somebody does not want to wait. */
export function createConnectionStatus(reconnect: () => void): ConnectionStatus {
  let state: StreamState = 'connecting';
  const status = byId('connection', HTMLParagraphElement);
  byId('reconnect', HTMLButtonElement).addEventListener('click', reconnect);

  function render(): void {
    status.dataset['state'] = state;
    setText(status, STATE_TEXTS[state]);
    const isOffline = !navigator.onLine;
    setVisible(byId('offline-banner', HTMLDivElement), state === 'lost' || isOffline);
    setVisible(byId('reconnect', HTMLButtonElement), state === 'lost');
    const title = byId('offline-title', HTMLElement);
    const text = byId('offline-text', HTMLParagraphElement);
    if (state === 'lost') {
      setText(
        title,
        isOffline
          ? 'This browser is offline, and the local stack does not answer'
          : 'The local stack does not answer',
      );
      setText(
        text,
        'Start it with “npm start”. The page reconnects by itself, and an upload goes on from its stored parts.',
      );
    } else if (isOffline) {
      setText(title, 'This browser is offline');
      setText(
        text,
        'The stack runs on this machine and still answers, so everything here goes on working.',
      );
    }
  }

  window.addEventListener('online', render);
  window.addEventListener('offline', render);
  return {
    show(next) {
      state = next;
      render();
    },
  };
}
