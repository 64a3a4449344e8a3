import { useSignal } from '@preact/signals';
import { CopyRows } from '../components/copy-rows.tsx';
import { Player } from '../components/player.tsx';
import { Row, Toggle } from '../components/row.tsx';
import type { Tone } from '../components/tone.ts';
import { CancelButton } from '../uploads-list/cancel-button.tsx';
import type { UploadStore } from '../uploads-list/upload-store.ts';
import { UploadTimeline } from '../uploads-list/upload-timeline.tsx';
import type { PullTrouble, PullView, ViewedPull } from './pull.ts';

interface PullRowProps extends ViewedPull {
  readonly uploads: UploadStore;
  readonly onEdit: () => void;
}

/** The row of one pull. */
export function PullRow({ item, view, uploads, onEdit }: PullRowProps) {
  const isTimelineOpen = useSignal(false);
  const isPlaying = useSignal(false);
  const areIdsOpen = useSignal(false);
  const { uploadId, mediaUrl, coverUrl, state } = view;
  const { host, path } = view.address;
  const isEditable = view.isRepeatable && (state === 'failed' || state === 'cancelled');
  return (
    <Row
      kind="pull"
      id={`pull-${item.id}`}
      data={{ 'data-state': state }}
      name={
        <>
          <span class="pull-host">{host}</span>
          <wbr />
          {path}
        </>
      }
      state={view.label}
      tone={TONES[state]}
      trouble={<Progress view={view} labelledBy={`pull-${item.id}`} />}
      facts={
        <>
          {view.note !== '' && <span>{view.note}</span>}
          <Receipt callback={view.callback} />
        </>
      }
      buttons={
        <>
          {uploadId !== '' && <Toggle text="Timeline" isOpen={isTimelineOpen} action="timeline" />}
          {mediaUrl !== '' && <Toggle text="Play" openText="Close" isOpen={isPlaying} />}
          {mediaUrl !== '' && (
            <a class="button button-small" href={mediaUrl} target="_blank" rel="noreferrer">
              Open
            </a>
          )}
          {uploadId !== '' && <Toggle text="IDs" isOpen={areIdsOpen} />}
          {isEditable && (
            <button class="button button-small" type="button" onClick={onEdit}>
              Edit and retry
            </button>
          )}
          <CancelButton uploads={uploads} upload={uploads.upload(uploadId)} text="Cancel pull" />
        </>
      }
    >
      {isTimelineOpen.value && (
        <UploadTimeline uploads={uploads} uploadId={uploadId} label="Timeline" />
      )}
      {isPlaying.value && (
        <div class="stage-media">
          <Player key={mediaUrl} url={mediaUrl} coverUrl={coverUrl} />
        </div>
      )}
      {areIdsOpen.value && <Ids {...view} />}
    </Row>
  );
}

const TONES: Readonly<Record<PullView['state'], Tone>> = {
  sending: 'plain',
  refused: 'bad',
  unsent: 'warn',
  sent: 'plain',
  waiting: 'plain',
  fetching: 'active',
  made: 'good',
  failed: 'bad',
  cancelled: 'warn',
};

function Receipt({ callback }: Pick<PullView, 'callback'>) {
  if (callback === 'none') return null;
  return (
    <span class="pull-receipt" data-callback={callback}>
      {callback === 'received' ? 'Notification received' : 'Notification awaited'}
    </span>
  );
}

function Progress({ view, labelledBy }: { readonly view: PullView; readonly labelledBy: string }) {
  const { progress, trouble } = view;
  return (
    <>
      {progress !== null && <progress max={100} value={progress} aria-labelledby={labelledBy} />}
      {trouble !== null && <Trouble {...trouble} />}
    </>
  );
}

function Trouble({ code, messages, advice }: PullTrouble) {
  return (
    <div class="pull-trouble">
      {messages.map(({ path, message }) => (
        <p key={`${path} ${message}`} class="row-message">
          <code>{path || code}</code> {message}
        </p>
      ))}
      {advice !== '' && <p class="hint">{advice}</p>}
    </div>
  );
}

function Ids({ fileId, uploadId, taskId, mediaUrl }: PullView) {
  return (
    <CopyRows
      rows={[
        { name: 'File ID', value: fileId, field: 'fileId' },
        { name: 'Upload ID', value: uploadId, field: 'uploadId' },
        { name: 'Task ID', value: taskId, field: 'taskId' },
        { name: 'Media URL', value: mediaUrl, field: 'mediaUrl' },
      ]}
    />
  );
}
