import { describeState, type StateText } from '../components/upload-state.ts';
import type { LedgerUpload } from '../stack/ledger-answers.ts';
import type { Phase, Upload } from './upload.ts';

const PHASES: Readonly<Record<Exclude<Phase, 'done'>, StateText>> = {
  idle: { text: 'Nothing chosen', tone: 'plain' },
  ready: { text: 'Chosen', tone: 'active' },
  uploading: { text: 'Uploading', tone: 'active' },
  paused: { text: 'Paused', tone: 'warn' },
  failed: { text: 'Failed', tone: 'bad' },
  cancelled: { text: 'Stopped', tone: 'warn' },
};

/** Final states in the database, whatever the browser still does with the upload. */
const ENDS: readonly string[] = ['rejected', 'expired', 'cancelled', 'deleted'];

/**
 * Returns the one status of an upload: while the browser sends, the state of the transfer; afterwards the state in the
 * backend, which is all that an app will ever get.
 */
export function describeStatus(
  { phase, stored, isGivenUp }: Pick<Upload, 'phase' | 'stored' | 'isGivenUp'>,
  kept: Pick<LedgerUpload, 'state'> | undefined,
): StateText {
  const state = kept?.state ?? '';
  if (isGivenUp) return describeState('cancelled');
  if (ENDS.includes(state)) return describeState(state);
  if (phase === 'uploading' && stored) return { text: 'Finishing', tone: 'active' };
  if (phase !== 'done') return PHASES[phase];
  if (state === '' || state === 'issued') {
    return { text: 'Sent, VOD’s notification is awaited', tone: 'active' };
  }
  return describeState(state);
}
