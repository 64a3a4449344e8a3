import { formatCount } from '../components/format.ts';
import type { LedgerUpload } from '../stack/ledger-answers.ts';
import type { PullFields } from '../stack/stack-client.ts';
import type { ShownAddress } from './pull-lines.ts';
import type { PullOutcome } from './pull-outcome.ts';

/** Where a pull stands, from the click to the media. */
type PullState =
  | 'sending'
  | 'refused'
  | 'unsent'
  | 'sent'
  | 'waiting'
  | 'fetching'
  | 'made'
  | 'failed'
  | 'cancelled';

/** One URL that was asked for. */
export interface PullItem {
  /** Number of its row. */
  readonly id: number;
  readonly fields: PullFields;
  readonly outcome: PullOutcome;
  /** What the ledger knew of it when it came back after a reload. */
  readonly kept?: LedgerUpload;
}

/** Why a pull ended without media. */
export interface PullTrouble {
  readonly code: string;
  readonly messages: readonly { readonly path: string; readonly message: string }[];
  readonly advice: string;
}

/** A pull as its row shows it. */
export interface PullView {
  /** What is shown of the source. */
  readonly address: ShownAddress;
  /** Whether the page knows the whole URL, as it does of what was asked for here. */
  readonly isRepeatable: boolean;
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

const ENDED: readonly PullState[] = ['refused', 'unsent', 'made', 'failed', 'cancelled'];

/** Tells whether nothing more will happen to a pull by itself. */
export function isEnded({ state }: PullView): boolean {
  return ENDED.includes(state);
}

/** Tells whether the caller can correct what was refused; a failure of the service is not theirs. */
export function isCorrectable(outcome: PullOutcome | undefined): boolean {
  return outcome?.kind === 'refused' && outcome.problem.status < 500;
}

/** Counts the pulls by how they stand, such as "3 ready, 1 failed". */
export function summarizePulls(views: readonly PullView[]): string {
  const count = (...states: readonly PullView['state'][]) =>
    views.filter(({ state }) => states.includes(state)).length;
  const parts = [
    { text: 'under way', number: count('sending', 'sent', 'waiting', 'fetching') },
    { text: 'ready', number: count('made') },
    { text: 'failed', number: count('failed') },
    { text: 'refused', number: count('refused') },
    { text: 'not sent', number: count('unsent') },
    { text: 'cancelled', number: count('cancelled') },
  ].filter(({ number }) => number > 0);
  if (views.length === 0) return '';
  return [
    ...(parts.length > 1 ? [formatCount(views.length, 'URL')] : []),
    ...parts.map(({ text, number }) => `${number.toLocaleString('en')} ${text}`),
  ].join(' · ');
}
