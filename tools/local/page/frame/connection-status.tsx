import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ActivityStream, StreamState } from '../stack/activity-stream.ts';

const STATE_TEXTS: Readonly<Record<StreamState, string>> = {
  connecting: 'Connecting',
  open: 'Stack running',
  lost: 'Stack not reachable',
};

/** Shows whether the page is connected to the stack. */
export function ConnectionStatus({ stream }: { readonly stream: ActivityStream }) {
  const state = stream.state.value;
  return (
    <p id="connection" class="connection" data-state={state} role="status">
      {STATE_TEXTS[state]}
    </p>
  );
}

/** Says that the stack or the network of this browser is not available, and what to do. */
export function OfflineBanner({ stream }: { readonly stream: ActivityStream }) {
  const isOffline = useOffline();
  const isLost = stream.state.value === 'lost';
  if (!isLost && !isOffline) return null;
  return (
    <div id="offline-banner" class="banner banner-bad" role="alert">
      <div>
        <strong>{isLost ? LOST_TITLES[Number(isOffline)] : 'This browser is offline'}</strong>
        <p>
          {isLost
            ? 'Start it with “npm start”. The page reconnects by itself, and an upload continues from its stored parts.'
            : 'The stack runs on this machine and still answers, so everything here continues to work.'}
        </p>
      </div>
      {isLost && (
        <button id="reconnect" class="button" type="button" onClick={stream.reconnect}>
          Reconnect now
        </button>
      )}
    </div>
  );
}

const LOST_TITLES = [
  'The local stack does not answer',
  'This browser is offline, and the local stack does not answer',
];

function useOffline(): boolean {
  const isOffline = useSignal(!navigator.onLine);
  useEffect(() => {
    const follow = () => {
      isOffline.value = !navigator.onLine;
    };
    window.addEventListener('online', follow);
    window.addEventListener('offline', follow);
    return () => {
      window.removeEventListener('online', follow);
      window.removeEventListener('offline', follow);
    };
  }, [isOffline]);
  return isOffline.value;
}
