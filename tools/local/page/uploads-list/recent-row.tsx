import { useSignal } from '@preact/signals';
import { CopyRows } from '../components/copy-rows.tsx';
import { FileName } from '../components/file-name.tsx';
import { formatBytes, formatMoment, formatSpan } from '../components/format.ts';
import { Player } from '../components/player.tsx';
import { Row, Toggle } from '../components/row.tsx';
import { describeMethod, type StateText } from '../components/upload-state.ts';
import { describeApplication } from '../stack/applications.ts';
import { describeProblem, type LedgerUpload } from '../stack/ledger-answers.ts';
import type { StackInfo } from '../stack/stack-controls.ts';
import { CancelButton } from './cancel-button.tsx';
import type { UploadStore } from './upload-store.ts';
import { UploadTimeline } from './upload-timeline.tsx';

interface RecentRowProps {
  readonly upload: LedgerUpload;
  /** Empty if it has none. */
  readonly name: string;
  readonly status: StateText;
  readonly uploads: UploadStore;
  readonly info: StackInfo | null;
}

/** The row of one upload in the backend. */
export function RecentRow({ upload, name, status, uploads, info }: RecentRowProps) {
  const isTimelineOpen = useSignal(false);
  const isPlaying = useSignal(false);
  const areIdsOpen = useSignal(false);
  const { uploadId, fileId, taskId, state, mediaUrl, coverUrl } = upload;
  const problem = describeProblem(upload);
  const isPlayable = mediaUrl !== '' && state === 'ready';
  return (
    <Row
      kind="recent"
      id={`recent-${uploadId}`}
      data={{ 'data-state': state, 'data-upload': uploadId }}
      name={name === '' ? <span class="muted">No name yet</span> : <FileName name={name} />}
      state={status.text}
      tone={status.tone}
      trouble={problem !== '' && <p class="row-message">{problem}</p>}
      facts={
        <>
          <span>{describeFacts(upload)}</span>
          <span>{describeApplication(upload, info)}</span>
        </>
      }
      buttons={
        <>
          <Toggle text="Timeline" isOpen={isTimelineOpen} action="timeline" />
          {isPlayable && <Toggle text="Play" openText="Close" isOpen={isPlaying} />}
          <Toggle text="IDs" isOpen={areIdsOpen} />
          <CancelButton uploads={uploads} upload={upload} text="Cancel upload" />
        </>
      }
    >
      {isTimelineOpen.value && (
        <UploadTimeline uploads={uploads} uploadId={uploadId} label="Timeline" />
      )}
      {isPlaying.value && isPlayable && (
        <div class="stage-media">
          <Player key={mediaUrl} url={mediaUrl} coverUrl={coverUrl} />
        </div>
      )}
      {areIdsOpen.value && (
        <CopyRows
          rows={[
            { name: 'Upload ID', value: uploadId },
            { name: 'File ID', value: fileId },
            { name: 'Task ID', value: taskId },
          ]}
        />
      )}
    </Row>
  );
}

function describeFacts({ method, size, duration, createdAt }: LedgerUpload): string {
  return [
    formatMoment(createdAt, new Date()),
    describeMethod(method),
    size === null ? '' : formatBytes(size),
    duration === null || duration === 0 ? '' : formatSpan(duration),
  ]
    .filter(Boolean)
    .join(' · ');
}
