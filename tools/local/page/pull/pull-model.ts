import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { ServerFacts } from '../facts/server-facts.ts';
import type { LedgerUpload } from '../stack/ledger-answers.ts';
import type { FieldProblem, Problem } from '../stack/problem.ts';
import type { LocalStack, PullFields } from '../stack/stack-client.ts';
import type { UploadStore } from '../uploads-list/upload-store.ts';
import { isCorrectable, isEnded, type PullItem, type ViewedPull } from './pull.ts';
import { createPullAnnouncer } from './pull-announcer.ts';
import { createPullItems, type PullItems } from './pull-items.ts';
import { MAX_PULLS, readLines } from './pull-lines.ts';
import type { PullOutcome } from './pull-outcome.ts';
import { buildPulls, sendPulls } from './pull-sending.ts';
import { viewPull } from './pull-view.ts';

/** The texts of the form's options, which apply to every URL. */
export interface PullTexts {
  readonly storageRegion: string;
  readonly mediaType: string;
  readonly idempotencyKey: string;
}

/** The pulls of the page and the form for requesting them. */
export interface PullModel {
  /** URLs to pull, one per line. */
  readonly text: Signal<string>;
  readonly texts: Signal<PullTexts>;
  readonly isBusy: ReadonlySignal<boolean>;
  /** What is wrong with the text; empty if it is right. */
  readonly textProblem: ReadonlySignal<string>;
  /** Problems with the options. */
  readonly optionProblems: ReadonlySignal<readonly FieldProblem[]>;
  /** Why a request failed as a whole. */
  readonly problem: ReadonlySignal<Problem | null>;
  readonly pulls: ReadonlySignal<readonly ViewedPull[]>;
  write(text: string): void;
  addLine(url: string): void;
  submit(): Promise<void>;
  /** Sends the pulls for which there was no time. */
  sendRest(): Promise<void>;
  /** Removes the row of a pull and puts its URL back into the form. */
  edit(item: PullItem): void;
  /** Removes the rows of pulls that have ended. */
  tidy(): void;
}

interface ModelContext {
  readonly stack: LocalStack;
  readonly facts: ServerFacts;
  readonly uploads: UploadStore;
  readonly announce: (text: string) => void;
}

/** Most earlier pulls that are shown again after a reload. */
const MAX_RESTORED = 20;
const MOST = MAX_PULLS.toLocaleString('en');

/** Returns the pulls from before a reload, and an empty form. */
export function createPullModel({ stack, facts, uploads, announce }: ModelContext): PullModel {
  const rows = createPullItems();
  const form = createFormState();
  const pulls = computed(() =>
    rows.all.value.map((item) => ({ item, view: viewPull(item, facts, uploadOf(item, uploads)) })),
  );
  const announcer = createPullAnnouncer(announce);
  effect(() => announcer.tell(pulls.value));
  stack.listUploads({ method: 'pull', limit: MAX_RESTORED }).then(
    (list) => rows.restore(list.uploads),
    () => {
      // The list of recent uploads reports the same error.
    },
  );
  return {
    ...form,
    ...createRequests(stack, rows, form),
    pulls,
    addLine: (url) => addLines(form, [url]),
    edit(item) {
      rows.remove([item]);
      addLines(form, [item.fields.mediaUrl]);
    },
    tidy() {
      const ended = pulls.peek().filter(({ view }) => isEnded(view) && view.state !== 'unsent');
      rows.remove(ended.map(({ item }) => item));
    },
  };
}

function createRequests(
  stack: LocalStack,
  rows: PullItems,
  form: FormState,
): Pick<PullModel, 'submit' | 'sendRest'> {
  const { text, texts, isBusy, textProblem, optionProblems, problem } = form;

  async function send(items: readonly PullItem[], onWhole: () => void): Promise<void> {
    isBusy.value = true;
    const fields = items.map((item) => item.fields);
    const sending = await sendPulls(stack, fields);
    isBusy.value = false;
    problem.value = 'problem' in sending ? sending.problem : null;
    if ('problem' in sending) return onWhole();
    rows.settle(items, sending.outcomes);
    optionProblems.value = sending.outcomes.flatMap(listErrors);
    addLines(form, listCorrectable(fields, sending.outcomes));
  }
  return {
    async submit() {
      const urls = readLines(text.peek());
      if (isBusy.peek() || urls.length > MAX_PULLS) return;
      if (urls.length === 0) {
        textProblem.value = 'Paste a URL first, or add a sample.';
        return;
      }
      form.write('');
      problem.value = null;
      optionProblems.value = [];
      const items = rows.add(await buildPulls(urls, readSettings(texts.peek())));
      await send(items, () => {
        rows.remove(items);
        addLines(form, urls);
      });
    },
    async sendRest() {
      const rest = rows.all.peek().filter(({ outcome }) => outcome.kind === 'unsent');
      const before = rest.map(({ outcome }) => outcome);
      const sending = rest.map(() => ({ kind: 'sending' }) as const);
      rows.settle(rest, sending);
      await send(rest, () => rows.settle(rest, before));
    },
  };
}

type FormState = ReturnType<typeof createFormState>;

/** Adds URLs after the text that has been entered meanwhile. */
function addLines({ text, write }: FormState, urls: readonly string[]): void {
  if (urls.length > 0) write([...readLines(text.peek()), ...urls].join('\n'));
}

function createFormState() {
  const text = signal('');
  const textProblem = signal('');
  return {
    text,
    textProblem,
    texts: signal<PullTexts>({ storageRegion: '', mediaType: '', idempotencyKey: '' }),
    isBusy: signal(false),
    optionProblems: signal<readonly FieldProblem[]>([]),
    problem: signal<Problem | null>(null),
    write(next: string) {
      text.value = next;
      const isOver = readLines(next).length > MAX_PULLS;
      textProblem.value = isOver ? `One request pulls at most ${MOST} URLs.` : '';
    },
  };
}

/** Returns the options for every URL, without the empty ones. */
export function readSettings(texts: PullTexts): Omit<PullFields, 'mediaUrl'> {
  const filled = Object.entries(texts)
    .map(([name, text]) => [name, text.trim()] as const)
    .filter(([, text]) => text !== '');
  return Object.fromEntries(filled);
}

function uploadOf({ outcome, kept }: PullItem, uploads: UploadStore): LedgerUpload | undefined {
  return outcome.kind === 'sent' ? (uploads.upload(outcome.uploadId) ?? kept) : undefined;
}

function listErrors(outcome: PullOutcome): readonly FieldProblem[] {
  return outcome.kind === 'refused' ? outcome.problem.errors : [];
}

function listCorrectable(
  fields: readonly PullFields[],
  outcomes: readonly PullOutcome[],
): readonly string[] {
  return fields
    .filter((_, place) => isCorrectable(outcomes[place]))
    .map(({ mediaUrl }) => mediaUrl);
}
