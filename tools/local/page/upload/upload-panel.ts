import { byId, createElement, setVisible } from '../components/dom.ts';
import { createFrame } from '../components/frame.ts';
import { createStore, type Store } from '../components/store.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import { createSignaturePanel } from '../lab/signature-panel.ts';
import { createResultCard } from '../result/result-card.ts';
import type { ApplicationText } from '../stack/applications.ts';
import type { LocalStack } from '../stack/stack-client.ts';
import type { TenantSelect } from '../tenant-select.ts';
import type { UploadStore } from '../uploads-list/upload-store.ts';
import { createFileChooser } from './file-chooser.ts';
import { createOptionsForm, type OptionsForm } from './options-form.ts';
import { createPartGrid } from './part-grid.ts';
import { renderReadiness } from './readiness.ts';
import { createResumeBanner, type ResumeBanner } from './resume-banner.ts';
import { createResumeKeeper, type ResumeKeeper } from './resume-keeper.ts';
import { forgetSdkSession } from './sdk.ts';
import { createStageList } from './stage-list.ts';
import { deriveStages } from './stages.ts';
import { isRunning, NO_UPLOAD, type Upload } from './upload.ts';
import { createUploadCard } from './upload-card.ts';
import { createUploadLife } from './upload-life.ts';
import { startUpload, type UploadRun } from './upload-run.ts';

/** Everything of the page that is about the one upload. */
export interface UploadPanel {
  offerRegions(regions: readonly string[]): void;
  /** Draws the upload anew with the next frame. */
  render(): void;
  /** To be told that another tenant was chosen. */
  changeTenant(): void;
}

interface PanelContext {
  readonly stack: LocalStack;
  readonly facts: ServerFacts;
  readonly uploadStore: UploadStore;
  readonly tenant: TenantSelect;
  readonly applications: ApplicationText;
  readonly announce: (text: string) => void;
  /** Brings the upload into sight, as when a file has come. */
  readonly reveal: () => void;
}

/** Puts the upload's parts of the page together. */
export function createUploadPanel(context: PanelContext): UploadPanel {
  const { stack, facts, uploadStore, tenant, applications, announce, reveal } = context;
  const form = createOptionsForm();
  const store: Store<Upload> = createStore(NO_UPLOAD, () => frame.request());
  const keeper = createResumeKeeper(store, facts, tenant.name);
  const banner = createResumeBanner(() => chooser.open(), keeper.forget);
  const chooser = createFileChooser({
    onMedia(file) {
      if (isRunning(store.get())) return;
      store.update({ ...NO_UPLOAD, phase: 'ready', file, cover: store.get().cover });
      banner.hide();
      reveal();
      // The button is shown with the next frame and can take the focus only then.
      frame.afterNext(() => byId('start', HTMLButtonElement).focus());
    },
    onCover: (cover) => {
      if (!isRunning(store.get())) store.update({ cover });
    },
  });
  let run: UploadRun | undefined;

  function start(): void {
    if (!form.check()) return;
    banner.hide();
    const signing = { stack, tenant: tenant.name(), fields: form.read() };
    run = startUpload({ ...signing, store, uploadId: keeper.uploadId() });
  }
  const life = createUploadLife(uploadStore, applications, () => {
    run?.cancel();
    giveUp(store, keeper);
  });
  const views = createViews(form, announce, {
    start,
    retry: start,
    pause: () => run?.pause(),
    resume: () => run?.resume(),
    cancel: () => run?.cancel(),
    reset() {
      chooser.clear();
      store.update(NO_UPLOAD);
      frame.afterNext(() => byId('file', HTMLInputElement).focus());
    },
  });
  const frame = createFrame(() => {
    keeper.follow();
    const upload = store.get();
    views.render(upload, facts);
    life.render(upload);
    chooser.setEnabled(!isRunning(upload));
    renderReadiness(upload, keeper.note());
  });
  function changeTenant(): void {
    offerResumption(store.get(), keeper, banner);
    frame.request();
  }
  changeTenant();
  return { offerRegions: form.offerRegions, render: frame.request, changeTenant };
}

/** Tells, before anything is chosen, of the tenant's upload that was broken off. */
function offerResumption(upload: Upload, keeper: ResumeKeeper, banner: ResumeBanner): void {
  const note = keeper.note();
  if (note !== null && upload.phase === 'idle') banner.show(note);
  else banner.hide();
}

/** The ledger has let go of the upload, so neither the SDK nor the page may continue it. */
function giveUp(store: Store<Upload>, keeper: ResumeKeeper): void {
  const { applied, phase } = store.get();
  if (applied !== null) forgetSdkSession(applied.vodSessionKey);
  keeper.forget();
  if (phase !== 'done') store.update({ phase: 'cancelled', isGivenUp: true, failure: null });
}

function createViews(
  form: OptionsForm,
  announce: (text: string) => void,
  actions: Parameters<typeof createUploadCard>[0],
) {
  const card = createUploadCard(actions);
  const stages = createStageList(announce);
  const grid = createPartGrid();
  const signatures = createSignaturePanel();
  const result = createResultCard();
  let shownFailure: Upload['failure'] = null;

  return {
    render(upload: Upload, facts: ServerFacts): void {
      card.render(upload, facts);
      stages.render(deriveStages(upload, facts), {
        isIdle: upload.phase === 'idle',
        hasProcedure: upload.procedure !== '',
      });
      grid.render(upload, facts);
      signatures.render(upload.signatures);
      result.render(upload, facts);
      form.setEnabled(!isRunning(upload));
      if (upload.failure === shownFailure) return;
      shownFailure = upload.failure;
      showHomelessProblems(form.showProblems(upload.failure?.fields ?? []));
    },
  };
}

function showHomelessProblems(problems: readonly { path: string; message: string }[]): void {
  const list = byId('failure-fields', HTMLUListElement);
  setVisible(list, problems.length > 0);
  list.replaceChildren(
    ...problems.map(({ path, message }) => createElement('li', { text: `${path} ${message}` })),
  );
}
