import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { RecordedActivity } from '../../activity.ts';

/** Whether the stack's event stream is being opened, is open, or was lost. */
export type StreamState = 'connecting' | 'open' | 'lost';

/** The live connection to the stack's events. */
export interface ActivityStream {
  readonly state: ReadonlySignal<StreamState>;
  /** Opens the stream again immediately instead of at the next attempt. */
  reconnect(): void;
}

const RETRY_MILLISECONDS = 2_000;
/** A timer instead of animation frames, which stop in a hidden tab, where the upload continues. */
const FRAME_MILLISECONDS = 16;

/**
 * Follows `/__local/events` from its first stored activity on, and reconnects until the page is closed.
 *
 * @param onActivities called with new activities in their order, with several at a time if they arrive together.
 */
export function followActivities(
  onActivities: (activities: readonly RecordedActivity[]) => void,
): ActivityStream {
  const state = signal<StreamState>('connecting');
  let source: EventSource | undefined;
  let retry: number | undefined;
  let lastSeq = 0;
  let arrived: RecordedActivity[] = [];

  function flush(): void {
    const activities = arrived;
    arrived = [];
    batch(() => onActivities(activities));
  }
  function open(): void {
    source?.close();
    window.clearTimeout(retry);
    const opened = new EventSource(`/__local/events?since=${lastSeq}`);
    source = opened;
    opened.addEventListener('open', () => {
      state.value = 'open';
    });
    opened.addEventListener('message', (message: MessageEvent<string>) => {
      const activity = JSON.parse(message.data) as RecordedActivity;
      lastSeq = activity.seq;
      if (arrived.length === 0) window.setTimeout(flush, FRAME_MILLISECONDS);
      arrived.push(activity);
    });
    opened.addEventListener('error', () => {
      state.value = 'lost';
      // The browser's own retry waits longer each time and gives up after some answers; this one does not.
      opened.close();
      window.clearTimeout(retry);
      retry = window.setTimeout(open, RETRY_MILLISECONDS);
    });
  }

  open();
  return { state, reconnect: open };
}
