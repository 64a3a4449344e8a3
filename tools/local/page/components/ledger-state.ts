import { setText, setVisible } from './dom.ts';

const WORDS: Readonly<Record<string, string>> = {
  issued: 'Issued',
  uploaded: 'Uploaded',
  processing: 'Processing',
  ready: 'Ready',
  failed: 'Failed',
  rejected: 'Rejected',
  expired: 'Expired',
  cancelled: 'Cancelled',
  deleted: 'Deleted',
};

/** Shows on `chip` how an upload stands in the ledger, or hides it where that is not known. */
export function showLedgerState(chip: HTMLElement, state: string): void {
  chip.dataset['ledger'] = state;
  setText(chip, WORDS[state] ?? state);
  setVisible(chip, state !== '');
}
