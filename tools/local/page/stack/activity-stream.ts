import type { RecordedActivity } from '../../activity.ts';

/** Whether the stack's event stream is being opened, is open, or was lost. */
export type StreamState = 'connecting' | 'open' | 'lost';

/** The live connection to the stack's events. */
export interface ActivityStream {
  /** Opens the stream anew at once instead of at the next attempt. */
  reconnect(): void;
}

interface StreamListeners {
  readonly onActivity: (activity: RecordedActivity) => void;
  readonly onState: (state: StreamState) => void;
}

const RETRY_MILLISECONDS = 2_000;

/** Follows `/__local/events` from its first kept activity on, and reconnects until the page is closed. */
export function followActivities({ onActivity, onState }: StreamListeners): ActivityStream {
  let source: EventSource | undefined;
  let retry: number | undefined;
  let lastSeq = 0;

  function open(): void {
    source?.close();
    window.clearTimeout(retry);
    const opened = new EventSource(`/__local/events?since=${lastSeq}`);
    source = opened;
    opened.addEventListener('open', () => onState('open'));
    opened.addEventListener('message', (message: MessageEvent<string>) => {
      const activity = JSON.parse(message.data) as RecordedActivity;
      lastSeq = activity.seq;
      onActivity(activity);
    });
    opened.addEventListener('error', () => {
      onState('lost');
      // The browser's own retry waits longer each time and gives up on some answers; this one does neither.
      opened.close();
      window.clearTimeout(retry);
      retry = window.setTimeout(open, RETRY_MILLISECONDS);
    });
  }

  onState('connecting');
  open();
  return { reconnect: open };
}
