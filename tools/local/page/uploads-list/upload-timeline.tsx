import { useEffect } from 'preact/hooks';
import { describeLife } from '../components/timeline.ts';
import { TimelineList } from '../components/timeline-list.tsx';
import type { UploadLife } from '../stack/ledger-answers.ts';
import type { ListState, UploadStore } from './upload-store.ts';

interface UploadTimelineProps {
  readonly uploads: UploadStore;
  readonly uploadId: string;
  readonly label: string;
}

/** The events of one upload in the backend, kept up to date while they are shown. */
export function UploadTimeline({ uploads, uploadId, label }: UploadTimelineProps) {
  useEffect(() => uploads.follow(uploadId), [uploads, uploadId]);
  const life = uploads.life(uploadId);
  return (
    <TimelineList
      label={label}
      entries={life === undefined ? [] : describeLife(life)}
      empty={explainEmpty(life, uploads.state.value)}
    />
  );
}

function explainEmpty(life: UploadLife | undefined, state: ListState): string {
  if (state.kind === 'refused') return `It could not be read: ${state.detail}`;
  return life === undefined ? 'Loading' : 'Nothing is recorded of it yet';
}
