import { formatCount } from '../components/format.ts';
import type { LedgerUpload } from '../stack/ledger-answers.ts';
import type { PullFields } from '../stack/stack-client.ts';
import type { ShownAddress } from './pull-lines.ts';
import type { PullOutcome } from './pull-outcome.ts';

/** The state of a pull, from the click to the media. */
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

/** One requested URL. */
export interface PullItem {
  /** Number of its row. */
  readonly id: number;
  readonly fields: PullFields;
  readonly outcome: PullOutcome;
  /** Its upload in the ledger, if it is from before a reload. */
  readonly kept?: LedgerUpload;
}

/** Why a pull ended without media. */
export interface PullTrouble {
  readonly code: string;
  readonly messages: readonly { readonly path: string; readonly message: string }[];
  readonly advice: string;
}

/** The content of a pull's row. */
export interface PullView {
  /** The part of the source's address that is shown. */
  readonly address: ShownAddress;
  /** Whether the page knows the whole URL, because it was requested here. */
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
  /** `none` if no event is expected. */
  readonly callback: 'none' | 'awaited' | 'received';
}

/** A pull and the content of its row. */
export interface ViewedPull {
  readonly item: PullItem;
  readonly view: PullView;
}

const ENDED: readonly PullState[] = ['refused', 'unsent', 'made', 'failed', 'cancelled'];

/** Returns whether nothing more will happen to a pull by itself. */
export function isEnded({ state }: PullView): boolean {
  return ENDED.includes(state);
}

/** Returns whether the user can correct what was refused, which is not so for a failure of the service. */
export function isCorrectable(outcome: PullOutcome | undefined): boolean {
  return outcome?.kind === 'refused' && outcome.problem.status < 500;
}

/** Counts the pulls by state, such as "3 fetched · 1 failed". */
export function summarizePulls(views: readonly PullView[]): string {
  const count = (...states: readonly PullView['state'][]) =>
    views.filter(({ state }) => states.includes(state)).length;
  const parts = [
    { text: 'under way', number: count('sending', 'sent', 'waiting', 'fetching') },
    { text: 'fetched', number: count('made') },
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
