import { formatClock } from './format.ts';
import type { TimelineEntry } from './timeline.ts';
import { describeState } from './upload-state.ts';

interface TimelineListProps {
  /** The label of the list for screen readers. */
  readonly label: string;
  readonly entries: readonly TimelineEntry[];
  /** Shown if there are none. */
  readonly empty: string;
}

/** The life of one upload as a list, oldest first. */
export function TimelineList({ label, entries, empty }: TimelineListProps) {
  if (entries.length === 0) return <p class="muted timeline-empty">{empty}</p>;
  return (
    <ol class="timeline" aria-label={label}>
      {entries.map((entry) => (
        <Entry key={entry.key} entry={entry} />
      ))}
    </ol>
  );
}

function Entry({ entry }: { readonly entry: TimelineEntry }) {
  const { kind, tone, title, at, notes } = entry;
  return (
    <li class="timeline-entry" data-kind={kind} data-tone={tone} data-title={title}>
      <span class="timeline-dot" aria-hidden="true" />
      <span class="timeline-title">{kind === 'state' ? describeState(title).text : title}</span>
      <time dateTime={at.toISOString()}>{formatClock(at)}</time>
      {notes.map((note) => (
        <span key={note.text} class="timeline-note" data-tone={note.tone}>
          {note.text}
        </span>
      ))}
    </li>
  );
}
