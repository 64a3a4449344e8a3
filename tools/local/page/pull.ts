import { formatBytes, formatCount, formatSpan } from './format.ts';
import type { PullOutcome } from './pull-outcome.ts';
import type { ServerFacts } from './server-facts.ts';
import type { PullFields } from './stack-client.ts';

/** Where a pull stands, from the click to the media. */
type PullState =
  | 'sending'
  | 'refused'
  | 'unsent'
  | 'sent'
  | 'waiting'
  | 'fetching'
  | 'made'
  | 'failed';

/** One URL that was asked for. */
export interface PullItem {
  /** Number of its row. */
  readonly id: number;
  readonly fields: PullFields;
  readonly outcome: PullOutcome;
}

/** Why a pull ended without media. */
export interface PullTrouble {
  readonly code: string;
  readonly messages: readonly { readonly path: string; readonly message: string }[];
  readonly advice: string;
}

/** A pull as its row shows it. */
export interface PullView {
  readonly state: PullState;
  readonly label: string;
  /** Percent; null while there is nothing to measure. */
  readonly progress: number | null;
  readonly note: string;
  readonly trouble: PullTrouble | null;
  readonly uploadId: string;
  readonly taskId: string;
  readonly fileId: string;
  readonly mediaUrl: string;
  readonly coverUrl: string;
  /** `none` where no event is to come. */
  readonly callback: 'none' | 'awaited' | 'received';
}

/** A pull with how it stands. */
export interface ViewedPull {
  readonly item: PullItem;
  readonly view: PullView;
}

/** What VOD's codes mean: https://cloud.tencent.com/document/product/266/33431 */
const MEANINGS: Readonly<Record<number, string>> = {
  40000: 'A parameter of the pull does not hold. Check the URL and the options.',
  60000:
    'The source cannot be fetched, or is no media. Check that the URL opens for everyone and gives the file itself.',
  70000: 'VOD itself failed. The same pull may do better later.',
};

const NOTHING = {
  progress: null,
  note: '',
  trouble: null,
  uploadId: '',
  taskId: '',
  fileId: '',
  mediaUrl: '',
  coverUrl: '',
  callback: 'none',
} as const;

/** Answers how `item` stands by what the function answered and the server tells. */
export function viewPull({ outcome }: PullItem, facts: ServerFacts): PullView {
  switch (outcome.kind) {
    case 'sending':
      return { ...NOTHING, state: 'sending', label: 'Sending' };
    case 'unsent':
      return { ...NOTHING, state: 'unsent', label: 'Not sent', note: outcome.detail };
    case 'refused':
      return viewRefused(outcome);
    case 'sent':
      return viewSent(outcome, facts);
  }
}

function viewRefused({ problem }: Extract<PullOutcome, { kind: 'refused' }>): PullView {
  const { status, code, title, detail, errors } = problem;
  const isOurs = status < 500;
  return {
    ...NOTHING,
    state: isOurs ? 'refused' : 'failed',
    label: isOurs ? 'Refused' : 'Failed',
    trouble: {
      code,
      messages: errors.length > 0 ? errors : [{ path: '', message: detail || title }],
      advice: isOurs ? '' : 'With an idempotency key it can be sent again without pulling twice.',
    },
  };
}

function viewSent(
  { uploadId, taskId }: Extract<PullOutcome, { kind: 'sent' }>,
  facts: ServerFacts,
): PullView {
  const known = { ...NOTHING, uploadId, taskId: taskId ?? '' };
  if (taskId === null) {
    const note = 'VOD had taken it before under this key, and does not name its task again.';
    return { ...known, state: 'sent', label: 'Sent', note };
  }
  const fact = facts.pull(taskId);
  const task = fact?.task;
  if (task === undefined) return { ...known, state: 'sent', label: 'Sent', progress: 0 };
  if (task.status === 'WAITING')
    return { ...known, state: 'waiting', label: 'Waiting', progress: 0 };
  if (task.status === 'PROCESSING') {
    const label = task.progress > 0 ? `Fetching ${task.progress} %` : 'Fetching';
    return { ...known, state: 'fetching', label, progress: task.progress };
  }
  const { errCode = 0, message = '', fileId = '' } = task;
  const ended = { ...known, callback: fact?.isReceived ? 'received' : 'awaited' } as const;
  if (errCode === 0) return { ...ended, ...viewMedia(fileId, facts) };
  return {
    ...ended,
    state: 'failed',
    label: 'Failed',
    trouble: {
      code: String(errCode),
      messages: [{ path: '', message }],
      advice: MEANINGS[errCode] ?? '',
    },
  };
}

function viewMedia(fileId: string, facts: ServerFacts) {
  const { media } = facts.file(fileId);
  return {
    state: 'made',
    label: 'Media made',
    note: describeMedia(media?.metaData ?? null),
    fileId,
    mediaUrl: media?.mediaUrl ?? '',
    coverUrl: media?.coverUrl ?? '',
  } as const;
}

function describeMedia(metaData: Readonly<Record<string, unknown>> | null): string {
  const { Size, Width, Height, Duration } = metaData ?? {};
  return [
    typeof Width === 'number' && Width > 0 ? `${Width} × ${Height}` : '',
    typeof Duration === 'number' && Duration > 0 ? formatSpan(Duration) : '',
    typeof Size === 'number' ? formatBytes(Size) : '',
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Tells whether nothing more will happen to a pull by itself. */
export function isEnded({ state }: PullView): boolean {
  return state === 'refused' || state === 'unsent' || state === 'made' || state === 'failed';
}

/** Tells whether the caller can correct what was refused; a failure of the service is not theirs. */
export function isCorrectable(outcome: PullOutcome | undefined): boolean {
  return outcome?.kind === 'refused' && outcome.problem.status < 500;
}

/** Counts the pulls by how they stand, as in "3 media made, 1 failed". */
export function summarizePulls(views: readonly PullView[]): string {
  const count = (...states: readonly PullView['state'][]) =>
    views.filter(({ state }) => states.includes(state)).length;
  const parts = [
    { text: 'under way', number: count('sending', 'sent', 'waiting', 'fetching') },
    { text: 'made', number: count('made') },
    { text: 'failed', number: count('failed') },
    { text: 'refused', number: count('refused') },
    { text: 'not sent', number: count('unsent') },
  ].filter(({ number }) => number > 0);
  if (views.length === 0) return '';
  return [
    ...(parts.length > 1 ? [formatCount(views.length, 'URL')] : []),
    ...parts.map(({ text, number }) => `${number.toLocaleString('en')} ${text}`),
  ].join(' · ');
}
