import type { Tone } from './tone.ts';

/** A state in a word or two. */
export interface StateText {
  readonly text: string;
  readonly tone: Tone;
}

const STATES: Readonly<Record<string, StateText>> = {
  issued: { text: 'Begun', tone: 'plain' },
  uploaded: { text: 'Uploaded', tone: 'active' },
  processing: { text: 'Processing', tone: 'active' },
  ready: { text: 'Ready', tone: 'good' },
  failed: { text: 'Failed', tone: 'bad' },
  rejected: { text: 'Rejected', tone: 'bad' },
  expired: { text: 'Expired', tone: 'warn' },
  cancelled: { text: 'Cancelled', tone: 'warn' },
  deleted: { text: 'Deleted', tone: 'warn' },
};

/** Returns a state of the `uploads` function in words; an unknown state is returned unchanged. */
export function describeState(state: string): StateText {
  return STATES[state] ?? { text: state, tone: 'plain' };
}

const METHODS: Readonly<Record<string, string>> = {
  client: 'Upload from an app',
  pull: 'Pull from a URL',
  server: 'Upload from a server',
  console: 'Upload in VOD’s console',
  live: 'Live recording',
};

/** Returns in words how media arrived. */
export function describeMethod(method: string): string {
  return METHODS[method] ?? 'Another way';
}
