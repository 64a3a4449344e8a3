import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { StateChip } from '../components/state-chip.tsx';
import { Tabs } from '../components/tabs.tsx';
import { LabNote } from '../lab/lab-note.tsx';
import { PullForm } from '../pull/pull-form.tsx';
import { PullList } from '../pull/pull-list.tsx';
import { describePulls } from '../pull/pulls-status.ts';
import { ResultCard } from '../result/result-card.tsx';
import type { OptionTexts } from '../upload/upload-options.ts';
import { UploadPanel } from '../upload/upload-panel.tsx';
import { describeStatus } from '../upload/upload-status.ts';
import { RecentList } from '../uploads-list/recent-list.tsx';
import type { PageModel } from './page-model.ts';

const WAYS = [
  { name: 'upload', text: 'Upload a file' },
  { name: 'pull', text: 'Pull from a URL' },
] as const;

interface HomeViewProps {
  readonly page: PageModel;
  /** Hidden instead of removed, so that a video continues to play, and what is open stays open. */
  readonly isShown: boolean;
}

/** What a first visitor needs: the ways to upload or pull media, and the results. */
export function HomeView({ page, isShown }: HomeViewProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const { pulls, uploads, upload, views, info } = page;
  const isPull = views.way.value === 'pull';
  const { uploadId, fileId, file } = upload.upload.value;
  return (
    <div class="column" hidden={!isShown}>
      <WaysCard page={page} area={area} />
      {isPull ? (
        <PullList
          model={pulls}
          uploads={uploads}
          onEdit={(item) => {
            pulls.edit(item);
            area.current?.focus();
          }}
        />
      ) : (
        fileId !== null && (
          <ResultCard key={fileId} fileId={fileId} source={file} file={page.facts.file(fileId)} />
        )
      )}
      <div class="column" hidden={isPull}>
        <RecentList
          uploads={uploads}
          info={info.value}
          names={upload.names.value}
          current={{ uploadId, ...describeStatus(upload.upload.value, upload.kept.value) }}
        />
      </div>
    </div>
  );
}

interface WaysCardProps {
  readonly page: PageModel;
  readonly area: { current: HTMLTextAreaElement | null };
}

function WaysCard({ page, area }: WaysCardProps) {
  const { pulls, upload, views, info, lab } = page;
  const options = useSignal<OptionTexts>({});
  const way = views.way.value;
  return (
    <section class="card ways-card" aria-labelledby="ways-heading">
      <header class="ways">
        <h2 id="ways-heading" class="visually-hidden">
          Bring media in
        </h2>
        <Tabs labelledBy="ways-heading" tabs={WAYS} chosen={way} onChoose={views.show} />
        {way === 'upload' ? <UploadState page={page} /> : <PullsState page={page} />}
      </header>
      <LabNote lab={lab} />
      <div
        id="upload-panel"
        class="panel"
        role="tabpanel"
        aria-labelledby="upload-tab"
        hidden={way !== 'upload'}
      >
        <UploadPanel
          model={upload}
          facts={page.facts}
          uploads={page.uploads}
          info={info.value}
          options={options}
          onChosen={() => views.show('upload')}
        />
      </div>
      <div
        id="pull-panel"
        class="panel"
        role="tabpanel"
        aria-labelledby="pull-tab"
        hidden={way !== 'pull'}
      >
        <PullForm model={pulls} regions={info.value?.regions ?? []} area={area} />
      </div>
    </section>
  );
}

function UploadState({ page }: { readonly page: PageModel }) {
  const upload = page.upload.upload.value;
  const kept = page.upload.kept.value;
  const { text, tone } = describeStatus(upload, kept);
  return (
    <p
      id="upload-state"
      class="way-state"
      role="status"
      data-phase={upload.phase}
      data-ledger={kept?.state ?? ''}
    >
      <StateChip text={text} tone={tone} />
    </p>
  );
}

function PullsState({ page }: { readonly page: PageModel }) {
  const { text, tone } = describePulls(page.pulls.pulls.value.map(({ view }) => view));
  return (
    <p class="way-state">
      <StateChip text={text} tone={tone} />
    </p>
  );
}
