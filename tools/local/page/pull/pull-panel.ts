import { byId, setText, setVisible } from '../components/dom.ts';
import { createFrame } from '../components/frame.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import type { LedgerUpload } from '../stack/ledger-answers.ts';
import type { LocalStack } from '../stack/stack-client.ts';
import type { UploadStore } from '../uploads-list/upload-store.ts';
import { isEnded, type PullItem, type PullView, type ViewedPull } from './pull.ts';
import { createPullAnnouncer } from './pull-announcer.ts';
import { createPullForm } from './pull-form.ts';
import { createPullList } from './pull-list.ts';
import { createPullRequests } from './pull-requests.ts';
import { viewPull } from './pull-view.ts';

/** Everything of the page that is about pulls. */
export interface PullPanel {
  offerRegions(regions: readonly string[]): void;
  /** Draws the pulls anew with the next frame. */
  render(): void;
}

interface PanelContext {
  readonly stack: LocalStack;
  readonly facts: ServerFacts;
  readonly uploadStore: UploadStore;
  readonly announce: (text: string) => void;
}

/** Pulls of earlier that come back after a reload. */
const MAX_RESTORED = 20;

/** Puts the parts of the pull panel together. */
export function createPullPanel({ stack, facts, uploadStore, announce }: PanelContext): PullPanel {
  const requests = createPullRequests(stack, {
    onChange: () => frame.request(),
    onAnswer(errors, toCorrect) {
      form.showProblem(null);
      form.showProblems(errors);
      form.giveBack(toCorrect);
    },
    onFailure(problem, urls) {
      form.showProblem(problem);
      form.giveBack(urls);
    },
  });
  const viewAll = (): readonly ViewedPull[] =>
    requests
      .items()
      .map((item) => ({ item, view: viewPull(item, facts, uploadOf(item, uploadStore)) }));

  const form = createPullForm((urls, settings) => void requests.submit(urls, settings));
  const list = createPullList({
    uploadStore,
    onEdit(item) {
      requests.remove([item]);
      form.add(item.fields.mediaUrl);
    },
    onSendRest: () => void requests.sendRest(),
    onTidy() {
      const ended = viewAll().filter(({ view }) => isEnded(view) && view.state !== 'unsent');
      requests.remove(ended.map(({ item }) => item));
    },
  });
  const announcer = createPullAnnouncer(announce);
  const frame = createFrame(() => {
    const pulls = viewAll();
    list.render(pulls, requests.isBusy());
    form.setBusy(requests.isBusy());
    renderState(pulls.map(({ view }) => view));
    announcer.tell(pulls);
  });
  stack.listUploads({ method: 'pull', limit: MAX_RESTORED }).then(requests.restore, () => {
    // The card of the recent uploads tells that the ledger does not answer.
  });
  frame.request();
  return { offerRegions: form.offerRegions, render: frame.request };
}

function uploadOf({ outcome, kept }: PullItem, uploadStore: UploadStore): LedgerUpload | undefined {
  return outcome.kind === 'sent' ? (uploadStore.upload(outcome.uploadId) ?? kept) : undefined;
}

function renderState(views: readonly PullView[]): void {
  const chip = byId('pull-state', HTMLParagraphElement);
  const running = views.filter((view) => !isEnded(view)).length;
  const bad = views.filter(({ state }) => state !== 'made').length;
  const [first, ...others] = views;
  setVisible(chip, first !== undefined);
  if (first === undefined) return;
  chip.dataset['state'] = running > 0 ? 'uploading' : bad > 0 ? 'failed' : 'done';
  if (others.length === 0) setText(chip, first.label);
  else if (running > 0) setText(chip, `${running.toLocaleString('en')} under way`);
  else setText(chip, bad === 0 ? 'All made' : `${bad} of ${views.length} not made`);
}
