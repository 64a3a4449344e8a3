import { formatBytes, formatSpan } from '../components/format.ts';
import { describeState } from '../components/upload-state.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import type { LedgerUpload } from '../stack/ledger-answers.ts';
import type { PullItem, PullView } from './pull.ts';
import { shortenAddress } from './pull-lines.ts';
import type { PullOutcome } from './pull-outcome.ts';

/** What VOD's codes mean: https://cloud.tencent.com/document/product/266/33431 */
const MEANINGS: Readonly<Record<number, string>> = {
  40000: 'VOD rejected a parameter of the pull. Check the URL and the options.',
  60000:
    'The source cannot be fetched, or is no media. Check that the URL opens for everyone and gives the file itself.',
  70000: 'VOD itself failed. The same pull may succeed later.',
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

/** Returns the state of `item` from the function's answer, the server's reports, and the ledger. */
export function viewPull(
  item: PullItem,
  facts: ServerFacts,
  upload: LedgerUpload | undefined,
): PullView {
  const { outcome, fields } = item;
  const isRepeatable = fields.mediaUrl !== '';
  const told = outcome.kind === 'sent' ? facts.pull(outcome.taskId ?? '')?.task?.url : undefined;
  const url = isRepeatable ? fields.mediaUrl : told;
  // Of the source, the backend stores only a name, if any.
  const named = upload?.name || 'Pull without a name';
  const address = url ? shortenAddress(url) : { host: named, path: '' };
  return { address, isRepeatable, ...viewOutcome(outcome, facts, upload) };
}

type OutcomeView = Omit<PullView, 'address' | 'isRepeatable'>;

function viewOutcome(
  outcome: PullOutcome,
  facts: ServerFacts,
  upload: LedgerUpload | undefined,
): OutcomeView {
  switch (outcome.kind) {
    case 'sending':
      return { ...NOTHING, state: 'sending', label: 'Sending' };
    case 'unsent':
      return { ...NOTHING, state: 'unsent', label: 'Not sent', note: outcome.detail };
    case 'refused':
      return viewRefused(outcome);
    case 'sent':
      return viewSent(outcome, facts, upload);
  }
}

function viewRefused({ problem }: Extract<PullOutcome, { kind: 'refused' }>): OutcomeView {
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
  { uploadId, ...outcome }: Extract<PullOutcome, { kind: 'sent' }>,
  facts: ServerFacts,
  upload: LedgerUpload | undefined,
): OutcomeView {
  const taskId = outcome.taskId ?? (upload?.taskId || facts.taskOf(uploadId)) ?? '';
  const known = { ...NOTHING, uploadId, taskId };
  const fact = facts.pull(taskId);
  const kept = viewKept(upload, fact === undefined);
  if (kept !== undefined) return { ...known, ...kept };
  if (taskId === '') {
    const note = 'Queued: the sweep sends it to VOD.';
    return { ...known, state: 'waiting', label: 'Queued', progress: 0, note };
  }
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
  if (errCode === 0) return { ...ended, ...viewMedia(fileId, facts, upload) };
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

/** Final states that this service, not VOD, decides. */
const OWN_ENDS: Readonly<Record<string, string>> = {
  cancelled: 'Cancelled',
  rejected: 'Rejected',
  expired: 'Expired',
  deleted: 'Deleted',
};

/**
 * Returns what only the ledger knows about a pull: that this service ended it, or, if the stack has forgotten the task,
 * its state. Undefined if the activities say more.
 */
function viewKept(upload: LedgerUpload | undefined, isForgotten: boolean): KeptView | undefined {
  if (upload === undefined) return undefined;
  const { state, problem, fileId, mediaUrl, coverUrl, size, duration } = upload;
  const end = OWN_ENDS[state];
  const { code, detail, vodErrCode } = problem;
  const messages = [{ path: '', message: detail }];
  const advice = MEANINGS[vodErrCode ?? 0] ?? '';
  const trouble = detail === '' ? null : { code, messages, advice };
  if (end !== undefined) {
    return { state: state === 'cancelled' ? 'cancelled' : 'failed', label: end, trouble, fileId };
  }
  if (!isForgotten) return undefined;
  if (state === 'failed') return { state: 'failed', label: 'Failed', trouble };
  if (fileId === '') return undefined;
  const note = describeMedia({ Size: size, Duration: duration });
  return { state: 'made', label: describeState(state).text, note, fileId, mediaUrl, coverUrl };
}

type KeptView = Partial<OutcomeView> & Pick<OutcomeView, 'state' | 'label'>;

function viewMedia(fileId: string, facts: ServerFacts, upload: LedgerUpload | undefined) {
  const { media } = facts.file(fileId);
  // Until the backend learns of it, VOD alone has the file.
  const state = upload === undefined || upload.state === 'issued' ? 'uploaded' : upload.state;
  return {
    state: 'made',
    label: describeState(state).text,
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
