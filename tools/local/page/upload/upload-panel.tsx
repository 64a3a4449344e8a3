import { type Signal, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { FileName } from '../components/file-name.tsx';
import { formatBytes } from '../components/format.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import { describeApplication } from '../stack/applications.ts';
import type { FieldProblem } from '../stack/problem.ts';
import type { StackInfo } from '../stack/stack-controls.ts';
import type { UploadStore } from '../uploads-list/upload-store.ts';
import { UploadTimeline } from '../uploads-list/upload-timeline.tsx';
import { FileDrop } from './file-drop.tsx';
import { OptionsForm } from './options-form.tsx';
import { PartGrid } from './part-grid.tsx';
import { StageList } from './stage-list.tsx';
import { describeTransfer } from './transfer-progress.ts';
import { isRunning, type Upload } from './upload.ts';
import { UploadActions } from './upload-actions.tsx';
import type { UploadModel } from './upload-model.ts';
import { UploadNotices } from './upload-notices.tsx';
import { type OptionTexts, readOptions } from './upload-options.ts';

const NO_PROBLEMS: readonly FieldProblem[] = [];

interface UploadPanelProps {
  readonly model: UploadModel;
  readonly facts: ServerFacts;
  readonly uploads: UploadStore;
  readonly info: StackInfo | null;
  readonly options: Signal<OptionTexts>;
  /** Called when a file was accepted, wherever it was dropped. */
  readonly onChosen: () => void;
}

/** The upload, from the choice of a file to its timeline. */
export function UploadPanel(props: UploadPanelProps) {
  const { model, facts, uploads, info, options, onChosen } = props;
  const form = useRef<HTMLFormElement>(null);
  const areOptionsOpen = useSignal(false);
  const upload = model.upload.value;
  const isFree = !isRunning(upload);
  const application = describeApplication(model.kept.value, info);

  function choose(file: File): void {
    if (model.choose(file)) onChosen();
  }
  function start(): void {
    if (form.current?.checkValidity() === false) {
      areOptionsOpen.value = true;
      // The options must be open for the browser to show what is wrong in them.
      form.current.closest('details')?.setAttribute('open', '');
      form.current.reportValidity();
      return;
    }
    model.start(readOptions(options.peek()));
  }
  return (
    <>
      <FileDrop isShown={upload.phase === 'idle'} isEnabled={isFree} onFile={choose} />
      <Transfer upload={upload} facts={facts} />
      <StageList
        stages={model.stages.value}
        isIdle={upload.phase === 'idle'}
        hasProcedure={upload.procedure !== ''}
      />
      {upload.fileId === null && <PartGrid upload={upload} facts={facts} />}
      <UploadNotices upload={upload} note={model.note.value} />
      <UploadActions model={model} onStart={start} />
      {upload.uploadId !== null && (
        <section id="life" class="life" aria-labelledby="life-heading">
          <header class="life-head">
            <h3 id="life-heading">Timeline</h3>
            {application !== '' && (
              <p id="life-application" class="hint">
                {application}
              </p>
            )}
          </header>
          <UploadTimeline
            uploads={uploads}
            uploadId={upload.uploadId}
            label="Timeline of this upload"
          />
        </section>
      )}
      <OptionsForm
        form={form}
        texts={options}
        isOpen={areOptionsOpen}
        isEnabled={isFree}
        regions={info?.regions ?? []}
        problems={upload.failure?.fields ?? NO_PROBLEMS}
        cover={upload.cover}
        onCover={model.chooseCover}
      />
    </>
  );
}

function Transfer({ upload, facts }: { readonly upload: Upload; readonly facts: ServerFacts }) {
  const { file, cover, phase } = upload;
  if (file === null) return null;
  const progress = describeTransfer(upload, facts);
  return (
    <>
      <div class="chosen">
        <div class="chosen-text">
          <p id="file-name" class="file-name" title={file.name}>
            <FileName name={file.name} />
          </p>
          <p class="muted">
            {formatBytes(file.size)} · {file.type || 'type unknown to this browser'}
            {cover !== null && (
              <>
                {' · cover '}
                <FileName name={cover.name} />
              </>
            )}
          </p>
        </div>
        {progress !== undefined && <p id="percent" class="percent">{`${progress.percent} %`}</p>}
      </div>
      {progress !== undefined && (
        <div class="transfer">
          <progress
            id="progress"
            max={100}
            value={progress.percent}
            data-state={phase}
            aria-label="Upload progress"
          />
          <p class="transfer-facts">
            <span id="transferred">{progress.text}</span>
            <span>{progress.rate}</span>
          </p>
        </div>
      )}
    </>
  );
}
